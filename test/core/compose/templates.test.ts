import { describe, expect, it } from 'vitest';
import { compileTemplates, escapeHtml } from '../../../src/core/compose/templates.ts';
import { GatewayError } from '../../../src/core/errors.ts';

const catalogue =
  '{\n  "mail": {\n    "hello": "Hello {name}",\n    "guests": "{count, plural, one {# guest} other {# guests}}"\n  }\n}';

function compile(files: Record<string, string>) {
  return compileTemplates(new Map(Object.entries({ 'en.json': catalogue, ...files })));
}

function refusal(files: Record<string, string>): string {
  try {
    compile(files);
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError);
    expect((error as GatewayError).code).toBe('template-invalid');
    return (error as GatewayError).message;
  }
  return 'accepted';
}

describe('compileTemplates', () => {
  it('escapes values and messages in .html files only', () => {
    const source = "{{ name }} {{ 'mail.hello' | t: name: name }}";
    const templates = compile({ 'mail/a.html': source, 'mail/a.txt': source });
    const data = { name: `<b a="1" b='2'>&` };
    const escaped = '&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;';
    expect(templates.render('mail/a.html', 'en', data)).toBe(`${escaped} Hello ${escaped}`);
    expect(templates.render('mail/a.txt', 'en', data)).toBe(`${data.name} Hello ${data.name}`);
  });

  it('escapes in partials, layouts and blocks', () => {
    const templates = compile({
      'mail/a.html': "{% layout 'mail/l.html' %}{% block main %}{% render 'mail/p.html', x: name %}{% endblock %}",
      'mail/l.html': '<html lang="{{ language }}">{% block main %}{% endblock %}</html>',
      'mail/p.html': "<p>{{ x }}{{ 'mail.guests' | t: count: 2 }}</p>",
    });
    expect(templates.render('mail/a.html', 'en', { name: '<i>' })).toBe(
      '<html lang="en"><p>&lt;i&gt;2 guests</p></html>',
    );
  });

  it('never evaluates Liquid code in a value', () => {
    const templates = compile({ 'mail/a.html': "{{ x }}|{{ 'mail.hello' | t: name: x }}" });
    const x = "{{ secret }}{% render 'mail/a.html' %}{count, plural, other {#}}";
    expect(templates.render('mail/a.html', 'en', { x, secret: 's' })).toBe(`${escapeHtml(x)}|Hello ${escapeHtml(x)}`);
  });

  it('does not show properties of a prototype', () => {
    const templates = compile({ 'mail/a.txt': '[{{ x.constructor }}{{ x.toString }}{{ __proto__ }}]' });
    expect(templates.render('mail/a.txt', 'en', { x: {} })).toBe('[]');
  });

  it('falls back to the base language, and per message to English', () => {
    const templates = compile({ 'fr.json': '{"mail": {"hello": "Bonjour {name}"}}' });
    expect(templates.languages).toEqual(['en', 'fr']);
    expect(templates.message('fr-CA', 'mail.hello', { name: 'A' })).toBe('Bonjour A');
    expect(templates.message('fr', 'mail.guests', { count: 1 })).toBe('1 guest');
    expect(templates.message('xx', 'mail.hello', { name: 'A' })).toBe('Hello A');
  });

  it('replaces single messages by an override, in any order of the files', () => {
    const templates = compileTemplates(
      new Map([
        ['overrides/en.json', '{"mail": {"hello": "Hi {name}"}}'],
        ['en.json', catalogue],
      ]),
    );
    expect(templates.message('en', 'mail.hello', { name: 'A' })).toBe('Hi A');
    expect(templates.message('en', 'mail.guests', { count: 2 })).toBe('2 guests');
  });

  it.each([
    ['a tag that is not closed', { 'mail/a.html': 'x\n\n{% if x %}' }, /^mail\/a\.html:3: /],
    ['an unknown tag', { 'mail/a.html': 'x\n{% foo %}' }, /^mail\/a\.html:2: /],
    ['an unknown filter', { 'mail/a.html': 'x\n{{ x | nope }}' }, /^mail\/a\.html:2: /],
    ['a missing partial', { 'mail/a.html': "x\n\n{% render 'mail/gone.html' %}" }, /^mail\/a\.html:3: no template/],
    [
      'an unknown message',
      { 'mail/a.txt': "{{ 'mail.hello' | t }}\n{{ 'mail.no' | t }}" },
      /^mail\/a\.txt:2: no message/,
    ],
    ['invalid JSON', { 'fr.json': '{\n  "mail": {\n    "a": "b",\n  }\n}' }, /^fr\.json:4: /],
    ['a message that is not text', { 'fr.json': '{\n  "mail": {\n    "a": 3\n  }\n}' }, /^fr\.json:3: mail\.a /],
    ['a list', { 'fr.json': '[]' }, /^fr\.json:1: /],
    [
      'an invalid ICU message',
      { 'fr.json': '{\n "a": {"b": "c"},\n "x": {\n  "b": "{count, plural}"\n }\n}' },
      /^fr\.json:4: x\.b /,
    ],
    [
      'a broken override',
      { 'overrides/en.json': '{\n"mail": {"hello": "{"}}' },
      /^overrides\/en\.json:2: mail\.hello /,
    ],
  ])('refuses %s with file and line', (_name, files, expected) => {
    expect(refusal(files as unknown as Record<string, string>)).toMatch(expected);
  });

  it('refuses files without an English catalogue', () => {
    expect(() => compileTemplates(new Map([['fr.json', '{}']]))).toThrow(/^en\.json:1: /);
  });
});
