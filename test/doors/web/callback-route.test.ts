// The scheduling callback over HTTP: what is stored, every refusal, and malformed requests as bytes.
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { calendarOf } from './calendars.ts';
import { type Fakes, makeFakes, startHttp } from './start-http.ts';
import { makeGate, sendBytes } from './wire.ts';

const PATH = '/api/v1.0/caldav-scheduling-callback/';
const fakes: Fakes = makeFakes();
const http = await startHttp(fakes);
const closed = await startHttp(fakes, { inboundApiKey: null });

beforeEach(() => {
  Object.assign(fakes, { callback: async () => undefined });
  fakes.callbacks.length = 0;
});
afterAll(async () => {
  await http.close(100);
  await closed.close(100);
});

const validHeaders = {
  'X-Api-Key': 'right-key',
  'X-CalDAV-Sender': 'mailto:alice@example.com',
  'X-CalDAV-Recipient': 'mailto:bob@example.com',
  'X-CalDAV-Method': 'REQUEST',
  'Content-Type': 'text/calendar; charset=utf-8',
};

function post(
  headers: Record<string, string>,
  body: string | Uint8Array<ArrayBuffer> = calendarOf({}),
  path = PATH,
  url = http.url,
): Promise<Response> {
  return fetch(url + path, { method: 'POST', headers, body });
}

describe('a callback', () => {
  it('gets 200 OK when it is stored', async () => {
    const response = await post(validHeaders);
    expect([response.status, await response.text()]).toEqual([200, 'OK\n']);
    expect(fakes.callbacks).toEqual([
      {
        sender: { key: 'alice@example.com', asWritten: 'alice@example.com' },
        recipient: { key: 'bob@example.com', asWritten: 'bob@example.com' },
        method: 'REQUEST',
        calendar: calendarOf({}),
      },
    ]);
  });

  it('gets 400 if the use case cannot parse the calendar', async () => {
    fakes.callback = async () => {
      throw new GatewayError('calendar-unparseable', 'several masters');
    };
    const response = await post(validHeaders);
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('one VCALENDAR')]);
  });

  it('gets no response before it is stored', async () => {
    const gate = makeGate();
    fakes.callback = () => gate.opened;
    let hasResponse = false;
    const response = post(validHeaders).then((received) => {
      hasResponse = true;
      return received;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(hasResponse).toBe(false);
    gate.open();
    expect((await response).status).toBe(200);
  });

  it('is accepted with X-LS headers, without mailto:, without trailing slash, without charset', async () => {
    const headers = {
      'X-LS-Api-Key': 'right-key',
      'X-LS-Sender': 'alice@example.com',
      'X-LS-Recipient': 'bob@example.com',
      'X-LS-Method': 'REQUEST',
      'Content-Type': 'text/calendar',
    };
    expect((await post(headers, calendarOf({}), PATH.slice(0, -1))).status).toBe(200);
    expect(fakes.callbacks).toHaveLength(1);
  });

  it('for a cancelled attendee is accepted, because a CANCEL lists the cancelled attendees', async () => {
    const response = await post(
      { ...validHeaders, 'X-CalDAV-Method': 'CANCEL' },
      calendarOf({ method: 'CANCEL', attendees: ['bob@example.com'] }),
    );
    expect(response.status).toBe(200);
  });

  it('with 2,000 attendees is within the size limit', async () => {
    const attendees = [
      'bob@example.com',
      ...Array.from({ length: 2000 }, (_, n) => `guest-number-${n}@a-department.example.com`),
    ];
    expect((await post(validHeaders, calendarOf({ attendees }))).status).toBe(200);
  });
});

describe('an invalid callback', () => {
  it.each([
    ['a wrong key', { 'X-Api-Key': 'wrong' }],
    ['an empty key', { 'X-Api-Key': '' }],
  ])('with %s gets 401', async (_, changes) => {
    const response = await post({ ...validHeaders, ...changes });
    expect(response.status).toBe(401);
    expect(response.headers.get('WWW-Authenticate')).toContain('X-Api-Key');
    expect(await response.text()).toContain('CALDAV_INBOUND_API_KEY');
  });

  it('gets 401 for any key if none is configured', async () => {
    for (const key of ['', 'null', 'right-key']) {
      expect((await post({ ...validHeaders, 'X-Api-Key': key }, calendarOf({}), PATH, closed.url)).status).toBe(401);
    }
  });

  it.each([
    ['no sender', { 'X-CalDAV-Sender': '' }, /X-CalDAV-Sender is missing/],
    [
      'a recipient that is not a mail address',
      { 'X-CalDAV-Recipient': '/principals/bob' },
      /X-CalDAV-Recipient is missing/,
    ],
    ['an unknown method', { 'X-CalDAV-Method': 'FORWARD' }, /X-CalDAV-Method is missing/],
    ['another method than the calendar', { 'X-CalDAV-Method': 'CANCEL' }, /METHOD in the calendar/],
    ['a sender who is not the organizer', { 'X-CalDAV-Sender': 'eve@example.com' }, /X-CalDAV-Sender does not match/],
    [
      'a recipient who is not in the calendar',
      { 'X-CalDAV-Recipient': 'eve@example.com' },
      /X-CalDAV-Recipient is not in/,
    ],
    [
      'a recipient who is only in an alarm',
      { 'X-CalDAV-Recipient': 'alarm@example.com' },
      /X-CalDAV-Recipient is not in/,
    ],
    ['a compressed body', { 'Content-Encoding': 'gzip' }, /without Content-Encoding/],
    ['an unknown charset', { 'Content-Type': 'text/calendar; charset=klingon' }, /charset/],
  ])('with %s gets 400 and the reason', async (_, changes, sentence) => {
    const response = await post({ ...validHeaders, ...changes });
    expect([response.status, await response.text()]).toEqual([400, expect.stringMatching(sentence)]);
    expect(fakes.callbacks).toEqual([]);
  });

  it.each([
    ['no body', '', /body is missing/],
    ['no calendar', 'hello', /not one iCalendar object/],
    ['half a calendar', calendarOf({}).slice(0, 200), /not one iCalendar object/],
    ['two calendars', calendarOf({}) + calendarOf({}), /not one iCalendar object/],
    ['a calendar without event', 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n', /no VEVENT/],
  ])('with %s gets 400 and the reason', async (_, body, sentence) => {
    const response = await post(validHeaders, body);
    expect([response.status, await response.text()]).toEqual([400, expect.stringMatching(sentence)]);
  });

  it('with bytes that are not UTF-8 gets 400', async () => {
    expect(
      (await post(validHeaders, new Uint8Array(Buffer.from(calendarOf({}).replace('Sprint', 'Fêté'), 'latin1'))))
        .status,
    ).toBe(400);
  });

  it.each([true, false])('that is too large gets 413 (with Content-Length: %j)', async (announced) => {
    const body = new Uint8Array(5 * 1024 * 1024).fill(65);
    const chunks = async function* () {
      yield body;
    };
    const init: RequestInit = announced ? { body } : { body: chunks(), duplex: 'half' };
    const response = await fetch(http.url + PATH, { method: 'POST', headers: validHeaders, ...init });
    expect([response.status, await response.text()]).toEqual([413, expect.stringContaining('4 MiB')]);
  });

  it('that the disk has no space for gets 503 with Retry-After, without the reason', async () => {
    fakes.callback = async () => {
      throw new GatewayError('spool-full', 'no room on /var/lib', { temporary: true });
    };
    const response = await post(validHeaders);
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(await response.text()).not.toContain('/var/lib');
  });

  it('that triggers a bug gets 500 without details', async () => {
    fakes.callback = async () => {
      throw new TypeError('x is not a function');
    };
    const response = await post(validHeaders);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('x is not');
  });

  it('sent by GET gets 405', async () => {
    expect((await fetch(http.url + PATH)).status).toBe(405);
  });
});

function head(lines: readonly string[], body = ''): string {
  const first = [`POST ${PATH} HTTP/1.1`, 'Host: localhost', 'Connection: close'];
  return [...first, ...lines, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}

describe('a malformed request', () => {
  const lines = Object.entries(validHeaders).map(([name, value]) => `${name}: ${value}`);

  it('with a bare CR in a header is refused and not stored', async () => {
    const answer = await sendBytes(
      http.address.port,
      head(
        lines.map((line) => line.replace('bob@', 'bob\rBcc: eve@')),
        calendarOf({}),
      ),
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(fakes.callbacks).toEqual([]);
  });

  it('with a folded header is refused and not stored', async () => {
    const answer = await sendBytes(
      http.address.port,
      head(
        lines.map((line) => line.replace('bob@', 'bob\r\n @')),
        calendarOf({}),
      ),
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(fakes.callbacks).toEqual([]);
  });

  it('with two recipients is refused', async () => {
    const answer = await sendBytes(
      http.address.port,
      head([...lines, 'X-CalDAV-Recipient: eve@example.com'], calendarOf({})),
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 [^]*X-CalDAV-Recipient is missing/);
  });

  it('with an incomplete body is not stored, but the next callback is', async () => {
    await sendBytes(http.address.port, head(lines, calendarOf({})).slice(0, -50), 200);
    expect(fakes.callbacks).toEqual([]);
    expect((await post(validHeaders)).status).toBe(200);
  });

  it('with a wrong key is refused before the body is read', async () => {
    const answer = await sendBytes(
      http.address.port,
      head(['X-Api-Key: wrong'], 'x').replace('Content-Length: 1', 'Content-Length: 1000000'),
      400,
    );
    expect(answer).toMatch(/^HTTP\/1.1 401 /);
  });
});
