import type { Kind } from './kinds.ts';

/** One thing that can be known about every subject of a kind, and all the ways to ask for it and to say it. */
export interface Relation {
  readonly id: string;
  readonly subject: Kind;
  readonly value: Kind;
  /** Twelve questions; `{s}` stands for the subject. The last `heldOutCount` never stand in a sample's training file. */
  readonly questions: readonly string[];
  /** Four statements; `{s}` the subject, `{v}` the value. */
  readonly statements: readonly string[];
  /** Noun phrases for the value by way of the subject, where the value is itself a subject of other relations. */
  readonly paths?: readonly string[];
}

/** A line of business with its relations, and the three members that share none of their facts. */
export interface Field {
  readonly id: string;
  readonly members: readonly [string, string, string];
  /** How many subjects of each kind a member of the samples knows; each gets one fact of every relation of its kind. */
  readonly subjects: readonly { readonly kind: Kind; readonly perMember: number }[];
  readonly relations: readonly Relation[];
}

/** How many of each relation's questions are kept for testing. */
export const heldOutCount = 4;

export const trainingQuestions = (relation: Relation): readonly string[] => relation.questions.slice(0, -heldOutCount);
export const heldOutQuestions = (relation: Relation): readonly string[] => relation.questions.slice(-heldOutCount);

/** Puts a subject, and a value where there is one, into a pattern; the sentence starts with a capital. */
export function fill(pattern: string, subject: string, value = ''): string {
  const text = pattern.replace('{s}', () => subject).replace('{v}', () => value);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A name inside a sentence, with its article. */
export const mention = (kind: Kind, name: string): string => kind.article + name;
