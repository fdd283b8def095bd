import { expect, test } from 'vitest';
import { type CorpusDocument, corpus, lastingFacts } from './corpus.ts';
import { ask } from './facts.ts';
import { fields } from './fields.ts';
import { createSamples } from './samples.ts';
import * as words from './words.ts';

function take(seed: number, count: number): CorpusDocument[] {
  const documents = corpus(seed);
  return Array.from({ length: count }, () => documents.next().value);
}

const textOf = (document: CorpusDocument): string =>
  'text' in document ? document.text : document.messages.map(({ content }) => content).join('\n');

test('no word stands twice in the inventories', () => {
  const all = Object.values(words).flat();
  expect(all.filter((word, at) => all.indexOf(word) !== at)).toEqual([]);
});

test('a seed gives the same documents each time, another seed others', () => {
  expect(take(5, 300)).toEqual(take(5, 300));
  expect(take(6, 300)).not.toEqual(take(5, 300));
});

test('a chat alternates between user and assistant and ends with the assistant', () => {
  const chats = take(1, 500).flatMap((document) => ('messages' in document ? [document.messages] : []));
  expect(chats.length).toBeGreaterThan(300);
  for (const messages of chats) {
    expect(messages.length % 2).toBe(0);
    for (const [at, { role, content }] of messages.entries()) {
      expect(role).toBe(at % 2 === 0 ? 'user' : 'assistant');
      expect(content).toMatch(/^[^{}]+$/);
    }
  }
});

test('lasting facts are asked in nearly all phrasings, always with the same answer', () => {
  const answers = new Map<string, Set<string>>();
  for (const document of take(1, 60_000)) {
    if ('text' in document) continue;
    const [question, answer] = document.messages.map(({ content }) => content);
    if (question === undefined || answer === undefined) continue;
    answers.set(question, (answers.get(question) ?? new Set()).add(answer));
  }
  const asked = lastingFacts()
    .flat()
    .flatMap((fact) => fact.relation.questions.map((question) => ({ given: answers.get(ask(fact, question)), fact })));
  const met = asked.filter(({ given }) => given !== undefined);
  expect(asked.length).toBeGreaterThan(7000);
  expect(met.length / asked.length).toBeGreaterThan(0.95);
  for (const { given, fact } of met) expect(given).toEqual(new Set([fact.value]));
});

test('a subject of the samples is no lasting one, and no document tells or asks a fact of the samples', () => {
  const rows = [1, 2, 3, 4, 5].flatMap((seed) => fields.flatMap((field) => createSamples(field, seed).test));
  const lasting = new Set(lastingFacts().flatMap((facts) => facts.map(({ id }) => id)));
  expect(rows.filter(({ fact }) => lasting.has(fact))).toEqual([]);
  const facts = new Map(
    rows.map(({ fact, messages }) => [
      fact,
      { subject: fact.split('/').at(-1)?.replaceAll('-', ' ') ?? '', value: messages[1].content.toLowerCase() },
    ]),
  );
  expect(facts.size).toBeGreaterThan(900);
  const texts = take(1, 4000).map((document) => textOf(document).toLowerCase());
  const told = [...facts.values()].filter(({ subject, value }) =>
    texts.some((text) => text.includes(subject) && text.includes(value)),
  );
  expect(told).toEqual([]);
});
