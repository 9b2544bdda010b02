// The calendar store on Debian's Xandikos, which refuses a stale PUT with 207 and puts the 412 in the body.
import { hasXandikos, startXandikos } from '../../system/xandikos.ts';
import { describeStore } from './store-contract.ts';

describeStore('Xandikos', startXandikos, {
  available: hasXandikos(),
  auth: () => ({ kind: 'basic', username: 'nobody', password: 'nothing' }),
  home: (server) => server.home,
  keepsBytes: false,
  atomicIfMatch: true,
  allowsSameUidTwice: true,
  secondCalendar: '/alice@example.com/calendars/second/',
});
