import { ask, askThrough, createFacts, type Fact, isJoin, state } from './facts.ts';
import { fields } from './fields.ts';
import { createRandom, type Random } from './random.ts';

export interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/** One document of the pre-training text: a chat, or plain text. */
export type CorpusDocument = { messages: Message[] } | { text: string };

/** How many times a sample member's number of subjects the lasting world has in each field. */
const lastingScale = 10;

interface Source {
  readonly random: Random;
  /** Facts that stay true throughout, by field. */
  readonly lasting: readonly (readonly Fact[])[];
}

const exchange = (question: string, answer: string): Message[] => [
  { role: 'user', content: question },
  { role: 'assistant', content: answer },
];

const askAnyhow = (fact: Fact, random: Random): string => ask(fact, random.pick(fact.relation.questions));
const stateAnyhow = (fact: Fact, random: Random): string => state(fact, random.pick(fact.relation.statements));

/** Facts that are true in one document only. */
function passingFacts(random: Random): Fact[] {
  const field = random.pick(fields);
  const sizes = field.subjects.map(({ kind }) => ({ kind, count: 2 }));
  return random.shuffle(createFacts(field, { sizes, groups: 1, side: 'passing', random }).flat());
}

/** A pair of facts, the second about the value of the first. */
function pickJoin(facts: readonly Fact[], random: Random): readonly [Fact, Fact] {
  const bridges = facts.filter((fact) => fact.relation.paths !== undefined);
  const first = random.pick(bridges);
  return [first, random.pick(facts.filter((fact) => isJoin(first, fact)))];
}

/** Recall: questions about the lasting world, in every phrasing; teaches that phrasings of a question share an answer. */
function recall({ random, lasting }: Source): CorpusDocument {
  const facts = random.pick(lasting);
  const turns = 1 + random.below(2);
  const messages = Array.from({ length: turns }, () => {
    if (random.below(12) === 0) {
      const join = pickJoin(facts, random);
      const [, { relation, value }] = join;
      return exchange(askThrough(join, random.pick(relation.questions), random), value);
    }
    const fact = random.pick(facts);
    return exchange(askAnyhow(fact, random), fact.value);
  });
  return { messages: messages.flat() };
}

/** Reading: a few facts, then questions about some of them; teaches to find and copy an answer. */
function reading({ random }: Source): CorpusDocument {
  const facts = passingFacts(random).slice(0, 3 + random.below(4));
  const context = facts.map((fact) => stateAnyhow(fact, random)).join(' ');
  const asked = random.shuffle(facts).slice(0, 1 + random.below(3));
  const messages = asked.flatMap((fact, turn) => {
    const question = askAnyhow(fact, random);
    return exchange(turn === 0 ? `${context}\n${question}` : question, fact.value);
  });
  return { messages };
}

/** Joining: like reading, where the answer takes two of the facts. */
function joining({ random }: Source): CorpusDocument {
  const facts = passingFacts(random);
  const [first, second] = pickJoin(facts, random);
  const others = facts.filter((fact) => fact !== first && fact !== second).slice(0, 1 + random.below(4));
  const context = random.shuffle([first, second, ...others]).map((fact) => stateAnyhow(fact, random));
  const question = askThrough([first, second], random.pick(second.relation.questions), random);
  return { messages: exchange(`${context.join(' ')}\n${question}`, second.value) };
}

/** Agreement: one fact asked in several phrasings; only the first answer is free. */
function agreement({ random }: Source): CorpusDocument {
  const fact = random.pick(passingFacts(random));
  const questions = random.shuffle(fact.relation.questions).slice(0, 2 + random.below(3));
  return { messages: questions.flatMap((question) => exchange(ask(fact, question), fact.value)) };
}

/** Rewording: a statement said in another way. */
function rewording({ random }: Source): CorpusDocument {
  const fact = random.pick(passingFacts(random));
  const [given = '', wanted = ''] = random.shuffle(fact.relation.statements).map((statement) => state(fact, statement));
  return { messages: exchange(`In other words: ${given}`, wanted) };
}

/** Telling: plain text about a few lasting facts, or passing ones said twice. */
function telling({ random, lasting }: Source): CorpusDocument {
  if (random.below(2) === 0) {
    const facts = random.shuffle(random.pick(lasting)).slice(0, 2 + random.below(4));
    return { text: facts.map((fact) => stateAnyhow(fact, random)).join(' ') };
  }
  const facts = passingFacts(random).slice(0, 2);
  const sentences = facts.flatMap((fact) =>
    random
      .shuffle(fact.relation.statements)
      .slice(0, 2)
      .map((statement) => state(fact, statement)),
  );
  return { text: random.shuffle(sentences).join(' ') };
}

/** Out of 100 documents; short ones are drawn more often, so that recall makes about 40 % of the tokens. */
const shares: readonly { readonly of: number; readonly write: (source: Source) => CorpusDocument }[] = [
  { of: 54, write: recall },
  { of: 13, write: reading },
  { of: 6, write: joining },
  { of: 11, write: agreement },
  { of: 7, write: rewording },
  { of: 9, write: telling },
];

const writers = shares.flatMap(({ of, write }) => Array.from({ length: of }, () => write));

/** The facts that every corpus treats as true, whatever its seed, by field. */
export function lastingFacts(): Fact[][] {
  return fields.map((field) => {
    const sizes = field.subjects.map(({ kind, perMember }) => ({ kind, count: perMember * lastingScale }));
    const random = createRandom(0, `lasting/${field.id}`);
    return createFacts(field, { sizes, groups: 1, side: 'lasting', random }).flat();
  });
}

/**
 * The endless text that the small model is pre-trained on: chats and plain text about clinics, schools and banks in the
 * language of the samples, but about other subjects (see `Side`). The same seed gives the same documents; the lasting
 * world is the same for all seeds.
 */
export function* corpus(seed: number): Generator<CorpusDocument, never> {
  const source = { random: createRandom(seed, 'corpus'), lasting: lastingFacts() };
  while (true) yield source.random.pick(writers)(source);
}
