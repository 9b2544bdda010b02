// The playground page: shows /api/state, and loads it again after each event of /api/changes. Text of mails and calendars is
// inserted as text; the HTML of a mail is shown only in a sandboxed frame without scripts.
const $ = (id) => document.getElementById(id);
const ui = { person: null, mail: null, view: 'html' };
let state = { organizer: '', events: [], mails: [], ledger: [] };

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const clock = (time) => new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });

async function post(path, body = {}) {
  const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
}

async function act(work) {
  const error = document.querySelector('.error');
  error.hidden = true;
  try {
    await work();
  } catch (fault) {
    error.textContent = fault.message;
    error.hidden = false;
  }
}

function showEvents() {
  $('events').replaceChildren(
    ...state.events.map((event) =>
      element('div', { className: 'event' },
        element('h3', { textContent: event.title }),
        element('p', { textContent: event.when }),
        element('ul', {}, ...event.attendees.map(({ address, partstat }) =>
          element('li', {}, element('span', { textContent: address }), element('span', { className: `partstat ${partstat}`, textContent: partstat })))),
        element('div', { className: 'actions' },
          element('button', { textContent: 'Move by an hour', onclick: () => act(() => post(`/api/events/${encodeURIComponent(event.uid)}/move`)) }),
          element('button', { textContent: 'Cancel it', onclick: () => act(() => post(`/api/events/${encodeURIComponent(event.uid)}/cancel`)) })),
        element('details', { open: ui[`open-${event.uid}`] === true, ontoggle: (change) => { ui[`open-${event.uid}`] = change.target.open; } },
          element('summary', { textContent: 'The event in the calendar' }),
          element('pre', { textContent: event.calendar, tabIndex: 0 }))),
    ),
  );
}

function showMailbox() {
  const people = [...new Set(state.mails.map(({ to }) => to))];
  if (ui.person === null || !people.includes(ui.person)) ui.person = people.find((person) => person !== state.organizer) ?? people[0] ?? null;
  $('people').replaceChildren(
    ...people.map((person) =>
      element('button', { textContent: person === state.organizer ? `${person} (you)` : person, ariaPressed: String(person === ui.person), onclick: () => { Object.assign(ui, { person, mail: null }); showMailbox(); } })),
  );
  const mails = state.mails.filter(({ to }) => to === ui.person);
  if (!mails.some(({ id }) => id === ui.mail)) ui.mail = mails[0]?.id ?? null;
  $('mails').replaceChildren(
    ...mails.map((mail) => element('li', {},
      element('button', { ariaCurrent: String(mail.id === ui.mail), onclick: () => { ui.mail = mail.id; showMailbox(); } },
        element('span', { textContent: mail.subject }), element('time', { textContent: clock(mail.receivedAt) })))),
  );
  $('no-mail').hidden = state.mails.length > 0;
  showMail(mails.find(({ id }) => id === ui.mail));
}

let shown = '';
function showMail(mail) {
  $('mail').hidden = mail === undefined;
  const now = JSON.stringify([mail?.id, ui.view]);
  if (mail === undefined || now === shown) return;
  shown = now;
  const views = { html: 'As shown', text: 'Text part', calendar: 'Calendar part', source: 'Source' };
  $('mail').replaceChildren(
    element('dl', {}, ...[['From', mail.from], ['Reply-To', mail.replyTo], ['To', mail.to]].filter(([, value]) => value).flatMap(([name, value]) =>
      [element('dt', { textContent: name }), element('dd', { textContent: value })])),
    element('div', { className: 'views', role: 'group', ariaLabel: 'Part of the mail' }, ...Object.entries(views).map(([view, name]) =>
      element('button', { textContent: name, ariaPressed: String(view === ui.view), disabled: !mail.parts.includes(view), onclick: () => { ui.view = view; showMailbox(); } }))),
    ui.view === 'html'
      ? element('iframe', { title: 'The mail as shown', src: `/mail/${mail.id}/html`, sandbox: 'allow-popups allow-popups-to-escape-sandbox' })
      : element('pre', { textContent: mail[ui.view] ?? '', tabIndex: 0 }),
    ...(mail.canAnswer ? [answerBox(mail)] : []),
  );
}

function answerBox(mail) {
  const clients = { outlook: 'Outlook', 'apple-mail': 'Apple Mail', gmail: 'Gmail' };
  const client = element('select', { ariaLabel: 'Answer with' }, ...Object.entries(clients).map(([value, name]) => element('option', { value, textContent: `as ${name}` })));
  client.value = ui.client ?? 'outlook';
  client.onchange = () => { ui.client = client.value; };
  const comment = element('input', { placeholder: 'Comment (optional)', ariaLabel: 'Comment', maxLength: 500 });
  const answer = (name, partstat) => element('button', { textContent: name, onclick: () => act(() => post(`/api/mails/${mail.id}/answer`, { client: client.value, partstat, comment: comment.value })) });
  return element('div', { className: 'answer' },
    element('h3', { textContent: `Answer by mail, as ${mail.to}` }),
    element('div', { className: 'row' }, comment, client),
    element('div', { className: 'buttons' }, answer('Accept', 'ACCEPTED'), answer('Maybe', 'TENTATIVE'), answer('Decline', 'DECLINED')),
    element('p', { className: 'hint', textContent: 'A mail in the format of that client goes to the gateway’s SMTP door. You can also follow a link in the mail above.' }));
}

function showLedger() {
  $('ledger').replaceChildren(
    ...state.ledger.map((entry) => element('li', {},
      element('span', { className: `verdict ${entry.verdict}`, textContent: entry.verdict }), ` ${entry.reason} `,
      element('time', { textContent: clock(entry.at) }),
      element('p', { textContent: `${entry.detail}${entry.attendee ? ` — ${entry.attendee}` : ''}` }))),
  );
  $('no-ledger').hidden = state.ledger.length > 0;
}

async function refresh() {
  state = await (await fetch('/api/state')).json();
  showEvents();
  showMailbox();
  showLedger();
}

const form = $('event-form');
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const zones = [...new Set([zone, 'Europe/Paris', 'Europe/London', 'America/New_York', 'Asia/Tokyo', 'UTC'])];
form.elements.timezone.append(...zones.map((value) => element('option', { value, textContent: value })));
const start = new Date(Date.now() + 3 * 86_400_000);
form.elements.start.value = `${start.toISOString().slice(0, 10)}T10:00`;
form.addEventListener('submit', (submit) => {
  submit.preventDefault();
  void act(() => post('/api/events', Object.fromEntries(new FormData(form))));
});

new EventSource('/api/changes').onmessage = () => void refresh();
void refresh();
