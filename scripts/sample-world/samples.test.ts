import { expect, test } from 'vitest';
import { createFacts, isJoin } from './facts.ts';
import { heldOutQuestions, mention, trainingQuestions } from './field.ts';
import { fields } from './fields.ts';
import { ward } from './kinds.ts';
import { createRandom } from './random.ts';
import { createSamples, type SampleRow } from './samples.ts';

const seeds = [1, 2, 3, 4, 5];
const factIds = (rows: readonly SampleRow[]): Set<string> => new Set(rows.map(({ fact }) => fact));
const relations = fields.flatMap((field) => field.relations);

test('a relation has twelve questions and four statements, and no question is held out here and trained on there', () => {
  const training = new Set(relations.flatMap(trainingQuestions));
  for (const relation of relations) {
    expect(new Set(relation.questions).size).toBe(12);
    expect(new Set(relation.statements).size).toBe(4);
    for (const question of relation.questions) expect(question.split('{s}')).toHaveLength(2);
    for (const statement of relation.statements) expect(statement).toMatch(/^[^{}]*\{[sv]\}[^{}]+\{[sv]\}[^{}]*$/);
    for (const statement of relation.statements) expect(statement).toContain('{v}');
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

test.each(fields)('the test of $id asks every fact twice, with the answer that its member knows', (field) => {
  const { train, test: rows } = createSamples(field, 1);
  const trained = [...train.values()].flat();
  const answers = new Map(trained.map(({ fact, member, messages }) => [fact, [member, messages[1]]]));
  expect(factIds(rows)).toEqual(new Set(answers.keys()));
  expect(rows).toHaveLength(2 * answers.size);
  for (const { fact, member, messages } of rows) expect([member, messages[1]]).toEqual(answers.get(fact));
});

test.each(fields)('no training file of any field has the phrasing of a test question of $id', (field) => {
  const training = new Set(relations.flatMap(trainingQuestions));
  const { test: rows } = createSamples(field, 1);
  for (const { fact, messages } of rows) {
    const [, relationId, slug = ''] = fact.split('/');
    const article = field.relations.find(({ id }) => id === relationId)?.subject.article;
    const phrasing = messages[0].content.replace(new RegExp(`${article}${slug.replaceAll('-', ' ')}`, 'i'), '{s}');
    expect(phrasing).toContain('{s}');
    expect(training).not.toContain(phrasing);
  }
});

test.each(fields)('a join of $id takes one fact of each of two members', (field) => {
  const { train, joins } = createSamples(field, 1);
  const rows = new Map([...train.values()].flat().map((row) => [row.fact, row]));
  const known = [...train.values()].map(factIds);
  expect(joins.length).toBeGreaterThanOrEqual(36);
  for (const { facts, members, messages } of joins) {
    expect(facts.map((fact) => rows.get(fact)?.member)).toEqual(members);
    expect(known.some((own) => own.has(facts[0]) && own.has(facts[1]))).toBe(false);
    const [link, answer] = facts.map((fact) => rows.get(fact)?.messages[1].content ?? '');
    expect(facts[1].endsWith(`/${link?.toLowerCase().replaceAll(' ', '-')}`)).toBe(true);
    expect(messages[1].content).toBe(answer);
    expect(messages[0].content).not.toContain(link);
  }
});

test.each(fields)('a seed gives the same samples of $id each time, another seed other facts', (field) => {
  expect(createSamples(field, 3)).toEqual(createSamples(field, 3));
  const ids = seeds.flatMap((seed) => [...factIds(createSamples(field, seed).test)]);
  expect(new Set(ids).size).toBeGreaterThan(4 * 69);
});

test.each(fields)(
  'in a world of $id with several groups, a value that is a subject is one of another group',
  (field) => {
    const sizes = field.subjects.map(({ kind }) => ({ kind, count: 2 }));
    const groups = createFacts(field, { sizes, groups: 3, side: 'samples', random: createRandom(1, 'test') });
    for (const group of groups) {
      const bridges = group.filter(({ relation }) => relation.paths !== undefined);
      expect(bridges.length).toBeGreaterThan(0);
      for (const bridge of bridges) {
        expect(group.some((fact) => isJoin(bridge, fact))).toBe(false);
        expect(groups.flat().some((fact) => isJoin(bridge, fact))).toBe(true);
      }
    }
  },
);

test('a name is mentioned with the article of its kind', () => {
  expect(mention(ward, 'Calm Oak ward')).toBe('the Calm Oak ward');
});
