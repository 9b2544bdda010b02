import { describe, expect, it } from 'vitest';
import { readComment, writesCommentAsText } from '../../../src/core/message/read-comment.ts';
import { longText } from '../../harness/long-text.ts';

describe('writesCommentAsText', () => {
  it.each([
    ['-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN', true],
    ['Microsoft Exchange Server 2010', true],
    ['-//Microsoft Corporation//Microsoft Outlook for Mac 16.89//EN', true],
    ['-//Google Inc//Google Calendar 70.9054//EN', false],
    ['-//Apple Inc.//macOS 14.5//EN', false],
    ['Zimbra-Calendar-Provider', false],
    ['', false],
  ])('%s', (prodid, expected) => expect(writesCommentAsText(prodid)).toBe(expected));
});

describe('readComment', () => {
  it.each([
    ['', null],
    [' \r\n\r\n ', null],
    ['I am away.', 'I am away.'],
    ['one\r\ntwo', 'one\ntwo'],
    ['When: Sunday\nWhere: Room 4\n\n*~*~*~*~*~*~*~*~*~*\n\nBe brief.', 'Be brief.'],
    ['When: Sunday\n\n*~*~*~*~*~*~*~*~*~*\n', null],
    ['Late.\n\n-----Original Appointment-----\nFrom: Alice', 'Late.'],
    ['Zu spät.\n\n-----Ursprünglicher Termin-----\nVon: Alice', 'Zu spät.'],
    ['Late.\n________________________________\nFrom: Alice', 'Late.'],
    ['Late.\n\nGet Outlook for iOS<https://aka.ms/o0ukef>', 'Late.'],
    ['Late.\n\nSent from my iPhone', 'Late.'],
    ['- a list\n- of wishes', '- a list\n- of wishes'],
  ])('%j', (text, expected) => expect(readComment(text)).toBe(expected));

  it('limits the length', () => expect(readComment('x'.repeat(100_000))).toHaveLength(2000));

  it.each(['-', '_', '*~', '\n', ' \n', '-\n', '--- ', 'Sent from '])('takes linear time for many %j', (piece) => {
    expect((readComment(longText(piece)) ?? '').length).toBeLessThanOrEqual(2000);
  });
});
