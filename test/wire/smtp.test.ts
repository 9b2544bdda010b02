// Runs every script of `smtp/`.
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'vitest';
import { runDialogue } from './dialogue.ts';

const folder = new URL('./smtp/', import.meta.url);

describe('SMTP and LMTP dialogues', () => {
  it.concurrent.each(readdirSync(folder).sort())('%s', async (name) => {
    await runDialogue(readFileSync(new URL(name, folder), 'utf8'));
  });
});
