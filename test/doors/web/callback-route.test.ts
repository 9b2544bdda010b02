import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { calendarOf } from './calendars.ts';
import { type Stage, setStage, startHttp } from './start-http.ts';
import { makeGate, speak } from './wire.ts';

const PATH = '/api/v1.0/caldav-scheduling-callback/';
const stage: Stage = setStage();
const http = await startHttp(stage);
const closed = await startHttp(stage, { inboundApiKey: null });

beforeEach(() => {
  Object.assign(stage, { callback: async () => undefined });
  stage.callbacks.length = 0;
});
afterAll(async () => {
  await http.close(100);
  await closed.close(100);
});

const right = {
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
  it('is 200 OK once it is stored', async () => {
    const response = await post(right);
    expect([response.status, await response.text()]).toEqual([200, 'OK\n']);
    expect(stage.callbacks).toEqual([
      {
        sender: { key: 'alice@example.com', asWritten: 'alice@example.com' },
        recipient: { key: 'bob@example.com', asWritten: 'bob@example.com' },
        method: 'REQUEST',
        calendar: calendarOf({}),
      },
    ]);
  });

  it('that turns out to be unreadable as it is stored is the sender’s fault, not ours', async () => {
    stage.callback = async () => {
      throw new GatewayError('calendar-unparseable', 'several masters');
    };
    const response = await post(right);
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('one VCALENDAR')]);
  });

  it('is not answered before it is stored', async () => {
    const gate = makeGate();
    stage.callback = () => gate.opened;
    let answered = false;
    const response = post(right).then((got) => {
      answered = true;
      return got;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBe(false);
    gate.open();
    expect((await response).status).toBe(200);
  });

  it('is taken in the X-LS family, without mailto:, without trailing slash, without charset', async () => {
    const headers = {
      'X-LS-Api-Key': 'right-key',
      'X-LS-Sender': 'alice@example.com',
      'X-LS-Recipient': 'bob@example.com',
      'X-LS-Method': 'REQUEST',
      'Content-Type': 'text/calendar',
    };
    expect((await post(headers, calendarOf({}), PATH.slice(0, -1))).status).toBe(200);
    expect(stage.callbacks).toHaveLength(1);
  });

  it('of a cancelled attendee is taken, because the calendar lists whom it cancels', async () => {
    const response = await post(
      { ...right, 'X-CalDAV-Method': 'CANCEL' },
      calendarOf({ method: 'CANCEL', attendees: ['bob@example.com'] }),
    );
    expect(response.status).toBe(200);
  });

  it('of an event of 2,000 attendees fits', async () => {
    const attendees = [
      'bob@example.com',
      ...Array.from({ length: 2000 }, (_, n) => `guest-number-${n}@a-department.example.com`),
    ];
    expect((await post(right, calendarOf({ attendees }))).status).toBe(200);
  });
});

describe('a callback that is wrong', () => {
  it.each([
    ['a wrong key', { 'X-Api-Key': 'wrong' }],
    ['an empty key', { 'X-Api-Key': '' }],
  ])('with %s is 401', async (_, changes) => {
    const response = await post({ ...right, ...changes });
    expect(response.status).toBe(401);
    expect(response.headers.get('WWW-Authenticate')).toContain('X-Api-Key');
    expect(await response.text()).toContain('CALDAV_INBOUND_API_KEY');
  });

  it('is 401 with any key where none is set', async () => {
    for (const key of ['', 'null', 'right-key']) {
      expect((await post({ ...right, 'X-Api-Key': key }, calendarOf({}), PATH, closed.url)).status).toBe(401);
    }
  });

  it.each([
    ['no sender', { 'X-CalDAV-Sender': '' }, /X-CalDAV-Sender is missing/],
    ['a recipient that is no address', { 'X-CalDAV-Recipient': '/principals/bob' }, /X-CalDAV-Recipient is missing/],
    ['an unknown method', { 'X-CalDAV-Method': 'FORWARD' }, /X-CalDAV-Method is missing/],
    ['another method than the calendar', { 'X-CalDAV-Method': 'CANCEL' }, /METHOD in the calendar/],
    ['a sender who is not the organizer', { 'X-CalDAV-Sender': 'eve@example.com' }, /X-CalDAV-Sender is not who sends/],
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
    ['a charset that it is not in', { 'Content-Type': 'text/calendar; charset=klingon' }, /charset/],
  ])('with %s is 400, and says so', async (_, changes, sentence) => {
    const response = await post({ ...right, ...changes });
    expect([response.status, await response.text()]).toEqual([400, expect.stringMatching(sentence)]);
    expect(stage.callbacks).toEqual([]);
  });

  it.each([
    ['no body', '', /body is missing/],
    ['no calendar', 'hello', /not one iCalendar object/],
    ['half a calendar', calendarOf({}).slice(0, 200), /not one iCalendar object/],
    ['two calendars', calendarOf({}) + calendarOf({}), /not one iCalendar object/],
    ['a calendar without event', 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n', /no VEVENT/],
  ])('with %s is 400, and says so', async (_, body, sentence) => {
    const response = await post(right, body);
    expect([response.status, await response.text()]).toEqual([400, expect.stringMatching(sentence)]);
  });

  it('with bytes that are no UTF-8 is 400', async () => {
    expect(
      (await post(right, new Uint8Array(Buffer.from(calendarOf({}).replace('Sprint', 'Fêté'), 'latin1')))).status,
    ).toBe(400);
  });

  it.each([true, false])('that is too large is 413 (length announced: %j)', async (announced) => {
    const body = new Uint8Array(5 * 1024 * 1024).fill(65);
    const chunks = async function* () {
      yield body;
    };
    const init: RequestInit = announced ? { body } : { body: chunks(), duplex: 'half' };
    const response = await fetch(http.url + PATH, { method: 'POST', headers: right, ...init });
    expect([response.status, await response.text()]).toEqual([413, expect.stringContaining('4 MiB')]);
  });

  it('that the disk refuses is 503 with Retry-After, without the reason', async () => {
    stage.callback = async () => {
      throw new GatewayError('spool-full', 'no room on /var/lib', { temporary: true });
    };
    const response = await post(right);
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(await response.text()).not.toContain('/var/lib');
  });

  it('that trips over a fault of ours is 500 without a trace of it', async () => {
    stage.callback = async () => {
      throw new TypeError('x is not a function');
    };
    const response = await post(right);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('x is not');
  });

  it('by GET is 405', async () => {
    expect((await fetch(http.url + PATH)).status).toBe(405);
  });
});

function head(lines: readonly string[], body = ''): string {
  const first = [`POST ${PATH} HTTP/1.1`, 'Host: localhost', 'Connection: close'];
  return [...first, ...lines, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}

describe('on the wire', () => {
  const lines = Object.entries(right).map(([name, value]) => `${name}: ${value}`);

  it('a bare CR in a header is refused and reaches nobody', async () => {
    const answer = await speak(
      http.address.port,
      head(
        lines.map((line) => line.replace('bob@', 'bob\rBcc: eve@')),
        calendarOf({}),
      ),
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(stage.callbacks).toEqual([]);
  });

  it('a folded header is refused and reaches nobody', async () => {
    const answer = await speak(
      http.address.port,
      head(
        lines.map((line) => line.replace('bob@', 'bob\r\n @')),
        calendarOf({}),
      ),
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(stage.callbacks).toEqual([]);
  });

  it('two recipients are no recipient', async () => {
    const answer = await speak(
      http.address.port,
      head([...lines, 'X-CalDAV-Recipient: eve@example.com'], calendarOf({})),
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 [^]*X-CalDAV-Recipient is missing/);
  });

  it('a body that ends early is stored by nobody, and the next callback is', async () => {
    await speak(http.address.port, head(lines, calendarOf({})).slice(0, -50), 200);
    expect(stage.callbacks).toEqual([]);
    expect((await post(right)).status).toBe(200);
  });

  it('the key is refused before the body is read', async () => {
    const answer = await speak(
      http.address.port,
      head(['X-Api-Key: wrong'], 'x').replace('Content-Length: 1', 'Content-Length: 1000000'),
      400,
    );
    expect(answer).toMatch(/^HTTP\/1.1 401 /);
  });
});
