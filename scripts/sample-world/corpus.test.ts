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

test('lasting facts are asked in all phrasings, always with the same answer', () => {
  const answers = new Map<string, Set<string>>();
  for (const document of take(1, 60_000)) {
    if ('text' in document || document.messages.length > 4) continue;
    const [question, answer] = document.messages;
    const seen = answers.get(question!.content) ?? new Set();
    answers.set(question!.content, seen.add(answer!.content));
  }
  const asked = lastingFacts()
    .flat()
    .flatMap((fact) => fact.relation.questions.map((question) => ({ question: ask(fact, question), fact })));
  expect(asked.length).toBeGreaterThan(7000);
  const known = asked.filter(({ question, fact }) => {
    const seen = answers.get(question);
    return seen?.size === 1 && seen.has(fact.value);
  });
  expect(known.length / asked.length).toBeGreaterThan(0.95);
});

test('a sample’s subject is no lasting subject, and no document says or asks a sample’s fact', () => {
  const facts = [1, 2, 3, 4, 5].flatMap((seed) =>
    fields.flatMap((field) =>
      createSamples(field, seed).test.map(({ fact, messages }) => ({
        fact,
        subject: fact.split('/')[2]!.replaceAll('-', ' '),
        value: messages[1].content.toLowerCase(),
      })),
    ),
  );
  const lasting = new Set(lastingFacts().flatMap((one) => one.map(({ id }) => id)));
  expect(facts.filter(({ fact }) => lasting.has(fact))).toEqual([]);
  const bySubject = new Map(facts.map(({ subject }) => [subject, new Set<string>()]));
  for (const { subject, value } of facts) bySubject.get(subject)!.add(value);
  const told = take(1, 4000)
    .map((document) => textOf(document).toLowerCase())
    .filter((text) =>
      [...bySubject].some(
        ([subject, values]) => text.includes(subject) && [...values].some((value) => text.includes(value)),
      ),
    );
  expect(told).toEqual([]);
});
