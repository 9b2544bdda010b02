// Which refusals concern the recipient's address, by the texts of real servers.
import { expect, it } from 'vitest';
import { isAddressAtFault } from '../../../src/core/message/address-at-fault.ts';

it.each([
  ['550 5.1.1 <bob@example.com>: Recipient address rejected: User unknown', true],
  ['5.1.10 550 5.1.10 RESOLVER.ADR.RecipientNotFound', true],
  ['552 5.2.2 mailbox full', true],
  ['550 no such user here', true],
  ['5.0.0 smtp; 550 User unknown', true],
  ['5.0.0 554 transaction failed', false],
  ['554 5.7.1 <bob@example.com>: Relay access denied', false],
  ['550 5.7.1 message content rejected', false],
  ['550 5.1.8 sender domain does not exist', false],
  ['552 5.3.4 message too big', false],
  ['554 host 5.1.2.3 is listed', false],
  ['tried for five days; last: the relay cannot be reached', false],
  ['no reason was given', false],
])('%s: %s', (diagnostic, expected) => {
  expect(isAddressAtFault(diagnostic)).toBe(expected);
});
