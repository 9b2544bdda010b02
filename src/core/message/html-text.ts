// Converts HTML to plain text. In: HTML from a mail or a calendar; out: its text, in linear time, with line breaks for blocks and,
// if requested, with the targets of links after their texts. The text is not safe to write into HTML. It refuses nothing: it omits
// scripts, styles and form fields.
import sanitizeHtml from 'sanitize-html';

export interface HtmlTextOptions {
  /** Returns the target to write after the text of a link, null for none. */
  readonly target?: (href: string) => string | null;
  /** Whether line breaks of the source are line breaks of the text, as in HTML that was written into a text property. */
  readonly keepsBreaks?: boolean;
}

/** In characters. The rest of the HTML is not read. */
const MAX_LENGTH = 65_536;

const PARAGRAPHS = new Set('p h1 h2 h3 h4 h5 h6 ul ol dl table blockquote pre hr'.split(' '));
const LINES = new Set('div section article header footer address figure tr li dt dd'.split(' '));
const CELLS = new Set(['td', 'th']);

export function htmlText(html: string, { target = () => null, keepsBreaks = false }: HtmlTextOptions = {}): string {
  const pieces: string[] = [];
  /** The link that is open, with the number of pieces before its text. */
  let link: { readonly href: string; readonly at: number } | null = null;
  const endLink = (): void => {
    if (link !== null) pieces.push(targetAfter(pieces.slice(link.at).join(''), target(link.href)));
    link = null;
  };
  /** The line breaks since the last text. */
  let breaks = 0;
  const breakLine = (count: number): void => {
    pieces.push('\n'.repeat(count));
    breaks += count;
  };
  const write = (text: string): void => {
    pieces.push(text);
    if (text.trim() !== '') breaks = 0;
  };
  const endBlock = (name: string): void => {
    if (PARAGRAPHS.has(name)) breakLine(Math.max(0, 2 - breaks));
    else if (LINES.has(name)) breakLine(Math.max(0, 1 - breaks));
    else if (CELLS.has(name)) pieces.push(' ');
  };
  sanitizeHtml(html.slice(0, MAX_LENGTH), {
    allowedTags: [],
    allowedAttributes: {},
    nonTextTags: ['script', 'style', 'textarea', 'option', 'noscript', 'title'],
    onOpenTag(name, attributes) {
      if (name === 'br') breakLine(1);
      endBlock(name);
      if (name === 'li') pieces.push('- ');
      if (name === 'img') write(attributes['alt'] ?? '');
      // Links are not nested in HTML. Ending an open link here also keeps the time linear.
      if (name !== 'a') return;
      endLink();
      link = { href: attributes['href'] ?? '', at: pieces.length };
    },
    onCloseTag(name) {
      if (name === 'a') endLink();
      endBlock(name);
    },
    textFilter(escaped) {
      const text = escaped.replace(/&(lt|gt|quot|amp);/g, (_, entity: keyof typeof ENTITIES) => ENTITIES[entity]);
      write(keepsBreaks ? text : text.replace(/[\r\n]/g, ' '));
      return '';
    },
  });
  return collapse(pieces.join(''));
}

/** The entities with which sanitize-html escapes the text that it has decoded. */
const ENTITIES = { lt: '<', gt: '>', quot: '"', amp: '&' } as const;

/** Returns '' for a link whose text is its target. */
function targetAfter(text: string, target: string | null): string {
  if (target === null) return '';
  const bare = (url: string): string =>
    url
      .trim()
      .replace(/^(?:mailto:|tel:|https?:\/\/)/i, '')
      .replace(/\/$/, '')
      .toLowerCase();
  return bare(text) === bare(target) ? '' : ` <${target}>`;
}

/** Each line is trimmed by itself, because an expression for spaces before a line end would take quadratic time. */
function collapse(text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.replace(/[ \t\u00A0]+/g, ' ').trim());
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

const NAMES =
  'a|b|i|u|s|p|br|hr|em|strong|span|font|div|ul|ol|li|table|tr|td|th|h[1-6]|img|pre|code|blockquote|html|body|html-blob';
const CLOSING_TAG = new RegExp(`</(?:${NAMES})\\s{0,9}>`, 'i');
const LONE_TAG = /<(?:br|hr|p|div|li|ul|ol|table|img|html|body)(?:\s[^<>]{0,2000})?\/?>/i;
/** Tags that end a line. In a text without these tags, the line breaks of the source end the lines. */
const BLOCK_TAG = /<(?:br|p|div|li|tr|h[1-6]|pre)[\s/>]/i;
const ENTITY = /&(?:[a-z]{2,8}|#\d{1,7}|#x[\da-f]{1,6});/gi;

/**
 * Returns the text of a property that should be plain text, but in which some clients write HTML. A `<` or an address in angle
 * brackets does not make a text HTML. Entities are decoded also in a text without tags.
 */
export function textOfMixed(text: string, target: HtmlTextOptions['target']): string {
  if (CLOSING_TAG.test(text) || LONE_TAG.test(text)) {
    return htmlText(text, { ...(target ? { target } : {}), keepsBreaks: !BLOCK_TAG.test(text) });
  }
  const decoded = new Map(
    [...new Set(text.match(ENTITY))].map((entity) => [entity, htmlText(`x${entity}x`).slice(1, -1)]),
  );
  return text.replace(ENTITY, (entity) => decoded.get(entity) ?? entity);
}
