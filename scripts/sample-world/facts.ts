import { type Field, fill, mention, type Relation } from './field.ts';
import { type Kind, type Side, sideOf } from './kinds.ts';
import type { Random } from './random.ts';

/** What is true in one world: a relation holds between a subject and a value. */
export interface Fact {
  /** Field, relation and subject, as in `clinics/ward-head/silver-maple-ward`. */
  readonly id: string;
  readonly relation: Relation;
  readonly subject: string;
  readonly value: string;
}

/** Puts a fact's subject into one of its relation's questions. */
export const ask = (fact: Fact, question: string): string =>
  fill(question, mention(fact.relation.subject, fact.subject));

/** Puts a fact into one of its relation's statements. */
export const state = (fact: Fact, statement: string): string =>
  fill(statement, mention(fact.relation.subject, fact.subject), mention(fact.relation.value, fact.value));

/**
 * Asks for the second fact of a join without naming its subject, by way of the first, whose value that subject is.
 * Throws RangeError where the second is not about the value of the first, or no path is known.
 */
export function askThrough([first, second]: readonly [Fact, Fact], question: string, random: Random): string {
  if (!isJoin(first, second)) throw new RangeError(`${second.id} does not follow from ${first.id}`);
  const path = random.pick(first.relation.paths ?? []);
  return fill(
    question,
    path.replace('{s}', () => mention(first.relation.subject, first.subject)),
  );
}

/** Whether `second` is about what `first` answers. */
export const isJoin = (first: Fact, second: Fact): boolean =>
  first.relation.value === second.relation.subject && first.value === second.subject;

/** What a world is made of. */
export interface WorldPlan {
  /** How many subjects of each kind one group of facts has. */
  readonly sizes: readonly { readonly kind: Kind; readonly count: number }[];
  readonly groups: number;
  readonly side: Side;
  readonly random: Random;
}

/** Draws `count` names of a kind that are not in `taken` yet, and adds them to it. */
function drawSubjects(
  { side, random }: WorldPlan,
  { kind, count }: WorldPlan['sizes'][number],
  taken: Set<string>,
): string[] {
  const names: string[] = [];
  while (names.length < count) {
    const name = kind.draw(random);
    const key = `${kind.id}:${name}`;
    if (taken.has(key) || sideOf(kind, name) !== side) continue;
    taken.add(key);
    names.push(name);
  }
  return names;
}

/**
 * A world of a field: `groups` groups of facts about different subjects. Where a relation's value is a subject itself,
 * it is one of another group (of the same group if there is only one), so that such a fact can be followed further
 * only by asking somebody else.
 */
export function createFacts(field: Field, plan: WorldPlan): Fact[][] {
  const { groups, random } = plan;
  const taken = new Set<string>();
  const subjects = Array.from(
    { length: groups },
    () => new Map(plan.sizes.map((size) => [size.kind, drawSubjects(plan, size, taken)])),
  );
  const drawValue = (relation: Relation, group: number): string => {
    if (relation.paths === undefined) return relation.value.draw(random);
    const others = subjects.filter((_, other) => groups === 1 || other !== group);
    return random.pick(others.flatMap((names) => names.get(relation.value) ?? []));
  };
  return subjects.map((names, group) =>
    field.relations.flatMap((relation) =>
      (names.get(relation.subject) ?? []).map((subject) => ({
        id: `${field.id}/${relation.id}/${subject.toLowerCase().replaceAll(' ', '-')}`,
        relation,
        subject,
        value: drawValue(relation, group),
      })),
    ),
  );
}
