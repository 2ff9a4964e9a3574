import { expect, it } from 'vitest';
import english from './en.json';
import german from './de.json';

// What stands in braces after a case of a plural is its text, not an argument.
const ARGUMENT = /(?<!(?:one|other|=0|yes) )\{(\w+)[,}]/g;
const argumentsOf = (text: string) => [...new Set([...text.matchAll(ARGUMENT)].map((found) => found[1]))].sort();

it('has every message in both languages, with the same arguments', () => {
  expect(Object.keys(german).sort()).toEqual(Object.keys(english).sort());
  const texts = german as Record<string, string>;
  for (const [id, text] of Object.entries(english)) {
    expect([id, argumentsOf(texts[id])]).toEqual([id, argumentsOf(text)]);
  }
});
