// The calendar store on Debian's Xandikos, which refuses a stale PUT with 207 and puts the 412 in the body.
import { startXandikos } from './xandikos.ts';
import { describeStore } from '../../adapters/caldav/store-contract.ts';
import { lacks } from '../requirements.ts';

describeStore('Xandikos', startXandikos, {
  available: !lacks('xandikos'),
  auth: () => ({ kind: 'basic', username: 'nobody', password: 'nothing' }),
  home: (server) => server.home,
  keepsBytes: false,
  atomicIfMatch: true,
  allowsSameUidTwice: true,
  secondCalendar: '/alice@example.com/calendars/second/',
});
