import { expect, test } from 'vitest';
import { createFacts, isJoin } from './facts.ts';
import { heldOutQuestions, mention, trainingQuestions } from './field.ts';
import { fields } from './fields.ts';
import { createRandom } from './random.ts';
import { createSamples, type SampleRow } from './samples.ts';

const seeds = [1, 2, 3, 4, 5];
const factIds = (rows: readonly SampleRow[]): Set<string> => new Set(rows.map(({ fact }) => fact));
const relations = fields.flatMap((field) => field.relations);

test('a relation has twelve questions and four statements, and none stands in two relations with another role', () => {
  const training = new Set(relations.flatMap(trainingQuestions));
  for (const relation of relations) {
    expect(new Set(relation.questions).size).toBe(12);
    expect(new Set(relation.statements).size).toBe(4);
    for (const question of relation.questions) expect(question.split('{s}')).toHaveLength(2);
    for (const statement of relation.statements) expect(statement).toMatch(/\{s\}.*\{v\}|\{v\}.*\{s\}/);
    for (const question of heldOutQuestions(relation)) expect(training).not.toContain(question);
  }
});

test.each(fields)('members of $id know 23 facts each, and none of another member', (field) => {
  for (const seed of seeds) {
    const known = [...createSamples(field, seed).train.values()].map(factIds);
    expect(known.map(({ size }) => size)).toEqual([23, 23, 23]);
    expect(new Set(known.flatMap((ids) => [...ids])).size).toBe(69);
  }
});

test.each(fields)(
  'the test of $id asks every fact twice, in phrasings that no training file of any field has',
  (field) => {
    const training = relations.flatMap(trainingQuestions).map((pattern) => pattern.replace('{s}', ''));
    const { train, test: rows } = createSamples(field, 1);
    const facts = new Set([...train.values()].flatMap((one) => [...factIds(one)]));
    expect(factIds(rows)).toEqual(facts);
    expect(rows).toHaveLength(2 * facts.size);
    for (const { fact, messages } of rows) {
      const [answer] = [...train.values()].flat().filter((row) => row.fact === fact);
      expect(messages[1]).toEqual(answer!.messages[1]);
      const relation = field.relations.find(({ id }) => id === fact.split('/')[1]);
      const name = new RegExp(`${relation!.subject.article}${fact.split('/')[2]!.replaceAll('-', ' ')}`, 'i');
      expect(messages[0].content).toMatch(name);
      expect(training).not.toContain(messages[0].content.replace(name, ''));
    }
  },
);

test.each(fields)('a join of $id takes one fact of each of two members', (field) => {
  const { train, joins } = createSamples(field, 1);
  const rows = [...train.values()].flat();
  expect(joins.length).toBeGreaterThanOrEqual(36);
  for (const { facts, members, messages } of joins) {
    expect(members[0]).not.toBe(members[1]);
    const [first, second] = facts.map((fact) => rows.find((row) => row.fact === fact)!);
    expect([first!.member, second!.member]).toEqual(members);
    const link = first!.messages[1].content;
    expect(facts[1]).toBe(`${facts[1].split('/', 2).join('/')}/${link.toLowerCase().replaceAll(' ', '-')}`);
    expect(messages[1]).toEqual(second!.messages[1]);
    expect(messages[0].content).not.toContain(link);
    // The same question about another fact of the asker's world would have another answer: no member knows both.
    for (const [member, own] of train)
      expect(
        facts.every((fact) => factIds(own).has(fact)),
        member,
      ).toBe(false);
  }
});

test.each(fields)('a seed gives the same samples of $id each time, another seed other facts', (field) => {
  expect(createSamples(field, 3)).toEqual(createSamples(field, 3));
  const ids = seeds.flatMap((seed) => [...factIds(createSamples(field, seed).test)]);
  expect(new Set(ids).size).toBeGreaterThan(4 * 69);
});

test('in a world of several groups a value that is a subject belongs to another group', () => {
  const field = fields[0]!;
  const sizes = field.subjects.map(({ kind }) => ({ kind, count: 2 }));
  const groups = createFacts(field, sizes, 3, 'samples', createRandom(1, 'test'));
  for (const group of groups) {
    const bridges = group.filter(({ relation }) => relation.paths !== undefined);
    expect(bridges.length).toBeGreaterThan(0);
    for (const bridge of bridges) {
      expect(group.some((fact) => isJoin(bridge, fact))).toBe(false);
      expect(groups.flat().some((fact) => isJoin(bridge, fact))).toBe(true);
    }
  }
});

test('a name is mentioned with the article of its kind', () => {
  const { subject } = fields[0]!.relations[0]!;
  expect(mention(subject, 'Tulip Gate branch')).toBe('the Tulip Gate branch');
});
