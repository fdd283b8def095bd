import { assertNoOverlap } from './assert-no-overlap.ts';
import type { Message } from './corpus.ts';
import { ask, askThrough, createFacts, type Fact, isJoin } from './facts.ts';
import { type Field, heldOutQuestions, trainingQuestions } from './field.ts';
import { createRandom, type Random } from './random.ts';

/** A question with its answer in chat form, the fact that it is about and the member who knows it. */
export interface SampleRow {
  readonly messages: readonly [Message, Message];
  readonly fact: string;
  readonly member: string;
}

/** A question that takes two facts of two members; `facts` and `members` in the order in which they are needed. */
export interface JoinRow {
  readonly messages: readonly [Message, Message];
  readonly facts: readonly [string, string];
  readonly members: readonly [string, string];
}

export interface FieldSamples {
  /** What each member may train on: all of its facts in all training phrasings, shuffled. */
  readonly train: ReadonlyMap<string, readonly SampleRow[]>;
  /** Every fact of the field in two phrasings that no training file has. */
  readonly test: readonly SampleRow[];
  readonly joins: readonly JoinRow[];
}

interface Known {
  readonly member: string;
  readonly fact: Fact;
}

const testQuestionsPerFact = 2;

const chat = (question: string, answer: string): [Message, Message] => [
  { role: 'user', content: question },
  { role: 'assistant', content: answer },
];

const toRow = ({ member, fact }: Known, question: string): SampleRow => ({
  messages: chat(ask(fact, question), fact.value),
  fact: fact.id,
  member,
});

function toJoins(known: readonly Known[], random: Random): JoinRow[] {
  return known.flatMap((first) =>
    known
      .filter((second) => isJoin(first.fact, second.fact))
      .map((second) => {
        const question = askThrough(
          [first.fact, second.fact],
          random.pick(trainingQuestions(second.fact.relation)),
          random,
        );
        return {
          messages: chat(question, second.fact.value),
          facts: [first.fact.id, second.fact.id],
          members: [first.member, second.member],
        };
      }),
  );
}

/**
 * The samples of one field. Another seed gives other subjects and facts; the phrasings stay.
 * Throws BaseError `samples/overlap` if a question of the tests were also one of the training files.
 */
export function createSamples(field: Field, seed: number): FieldSamples {
  const random = createRandom(seed, `samples/${field.id}`);
  const sizes = field.subjects.map(({ kind, perMember }) => ({ kind, count: perMember }));
  const groups = createFacts(field, { sizes, groups: field.members.length, side: 'samples', random });
  const known = field.members.map((member, at) => (groups[at] ?? []).map((fact) => ({ member, fact })));
  const train = field.members.map((member, at): [string, SampleRow[]] => {
    const rows = (known[at] ?? []).flatMap((one) =>
      trainingQuestions(one.fact.relation).map((question) => toRow(one, question)),
    );
    return [member, random.shuffle(rows)];
  });
  const test = known.flat().flatMap((one) =>
    random
      .shuffle(heldOutQuestions(one.fact.relation))
      .slice(0, testQuestionsPerFact)
      .map((question) => toRow(one, question)),
  );
  const joins = toJoins(known.flat(), random);
  assertNoOverlap(
    train.flatMap(([, rows]) => rows),
    [...test, ...joins],
  );
  return { train: new Map(train), test, joins };
}
