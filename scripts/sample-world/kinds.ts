import { hashText, type Random } from './random.ts';
import * as words from './words.ts';

/**
 * Which facts a name may be the subject of: those of the pre-training text that are always true, those that are true in
 * one document of it only, or those of the samples. Names are split by a hash, so the words of a sample's subject are
 * familiar to the small model while the subject itself, and every fact about it, is not.
 */
export type Side = 'lasting' | 'passing' | 'samples';

/** A class of names or values: what can be asked about, or be the answer. */
export interface Kind {
  readonly id: string;
  /** A name as it stands in an answer, like `Silver Maple ward`. */
  readonly draw: (random: Random) => string;
  /** What stands before the name inside a sentence: `the ` or nothing. */
  readonly article: string;
}

/** The side that the name of a subject belongs to: a quarter of all names is lasting, one passing, half for samples. */
export function sideOf(kind: Kind, name: string): Side {
  const quarter = hashText(`${kind.id}:${name}`) % 4;
  if (quarter === 0) return 'lasting';
  return quarter === 1 ? 'passing' : 'samples';
}

const named = (id: string, parts: readonly (readonly string[])[], suffix = ''): Kind => ({
  id,
  draw: (random) => parts.map((part) => random.pick(part)).join(' ') + suffix,
  article: 'the ',
});

const numbered = (id: string, draw: (random: Random) => string): Kind => ({ id, draw, article: '' });

const timeOfDay = (random: Random): string =>
  `${6 + random.below(15)}:${String(5 * random.below(12)).padStart(2, '0')}`;

export const ward = named('ward', [words.adjectives, words.trees], ' ward');
export const device = named('device', [words.birds, words.devices]);
export const remedy = named('remedy', [words.stones, words.remedies]);
export const club = named('club', [words.colours, words.activities], ' club');
export const course = named('course', [words.levels, words.topics], ' course');
export const branch = named('branch', [words.flowers, words.ways], ' branch');
export const account = named('account', [words.adjectives, words.landforms], ' account');
export const card = named('card', [words.colours, words.fishes], ' card');
export const person: Kind = { ...named('person', [words.givenNames, words.surnames]), article: '' };
export const company: Kind = { ...named('company', [words.beasts, words.trades]), article: '' };

export const address = numbered(
  'address',
  (random) => `${1 + random.below(99)} ${random.pick(words.flowers)} ${random.pick(words.ways)}`,
);
export const time = numbered('time', timeOfDay);
export const weeklyTime = numbered('weekly-time', (random) => `${random.pick(words.weekdays)} ${timeOfDay(random)}`);
export const extension = numbered('extension', (random) => String(1000 + random.below(9000)));
export const room = numbered('room', (random) => `room ${100 + random.below(900)}`);
export const dose = numbered('dose', (random) => `${5 + random.below(495)} milligrams`);
export const cents = numbered('cents', (random) => `${100 + random.below(900)} cents`);
export const euros = numbered('euros', (random) => `${20 + random.below(980)} euros`);
export const tensOfEuros = numbered('tens-of-euros', (random) => `${10 * (20 + random.below(880))} euros`);
