// Makes a component from its lines, for tests of functions that read one component.
import { splitLines } from '../../../src/core/ical/content-lines.ts';
import { EventComponent, isEvent } from '../../../src/core/ical/event-component.ts';
import { readComponents } from '../../../src/core/ical/read-components.ts';

export function eventOf(lines: readonly string[], name: 'VEVENT' | 'VTODO' = 'VEVENT'): EventComponent {
  const text = [`BEGIN:${name}`, ...lines, `END:${name}`, ''].join('\r\n');
  const [component] = readComponents(splitLines(text)).components.filter(isEvent);
  if (!component) throw new TypeError(`no ${name}: ${text}`);
  return new EventComponent(component, []);
}
