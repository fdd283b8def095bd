import { sumBits } from '@skein/privacy';
import { previewPay } from '../money/settle-round.ts';
import { candidateSeconds, opaqueRule, type Plan } from '../plan.ts';
import { uploadSizeBytes } from '../coordinator/admit-message.ts';
import { cohortNeeded, survivorQuorum } from '../coordinator/quorums.ts';

/** One question that a member asks before it joins, with the plan's answers, a sentence each. */
export interface PlanSection {
  readonly title: string;
  readonly sentences: readonly string[];
}

/** How to write amounts and lengths for people; the defaults write base units and seconds. */
export interface PlanWords {
  /** An amount of the token in base units. */
  readonly amount?: (baseUnits: bigint) => string;
  readonly duration?: (seconds: number) => string;
  readonly bytes?: (bytes: number) => string;
}

/**
 * A plan in plain words: what is trained, what leaves the node, what the others may learn, how long it takes, what it
 * costs and pays, and what happens if something goes wrong. It says what limits the privacy, not only what provides it.
 */
export function describePlan(plan: Plan, words: PlanWords = {}): PlanSection[] {
  const { amount = String, duration = (seconds) => `${seconds} s`, bytes = (count) => `${count} bytes` } = words;
  const say = { amount, duration, bytes };
  return [
    { title: 'What is trained', sentences: trained(plan, say) },
    { title: 'What leaves your node', sentences: leaves(plan, say) },
    { title: 'What the others may learn', sentences: learned(plan) },
    { title: 'How long it takes', sentences: lasts(plan, say) },
    { title: 'What it costs and pays', sentences: pays(plan, say) },
    { title: 'What happens if', sentences: happens(plan, say) },
  ];
}

type Say = Required<PlanWords>;

function trained(plan: Plan, { bytes }: Say): string[] {
  const { method, parameterCount, baseModel, strategy, local, rounds } = plan;
  const what = {
    'ffa-lora': 'a small addition to the base model (LoRA whose matrix A stays as it starts)',
    lora: 'a small addition to the base model (LoRA, both matrices; averaging them apart is biased)',
    full: 'all weights of the base model',
    custom: `what the trainer "${method.kind === 'custom' ? method.trainer : ''}" understands, which your node must have`,
  }[method.kind];
  const pull = local.proximalMu > 0 ? `, held near the common model (FedProx, μ = ${local.proximalMu})` : '';
  const inRounds = rounds === 1 ? 'In its one round' : `In each of ${rounds} rounds`;
  if (method.kind === 'custom') {
    const opaque = opaqueRule(plan);
    const size = opaque === null ? `${parameterCount} numbers` : `bytes of its own, at most ${bytes(opaque.maxBytes)}`;
    return [
      `${capital(what)}: ${size}.`,
      `${inRounds} your node asks that trainer to train and to measure; it decides itself which of your data it uses for which.`,
      ...(opaque === null ? [] : [`The members' parameters are made one by the trainer's own "aggregate".`]),
    ];
  }
  return [
    `${capital(what)}: ${parameterCount} numbers. The base model is ${baseModel}.`,
    `${inRounds} your node takes ${local.steps} steps of ${local.batch} examples, at most ${local.maxLength} tokens each${pull}.`,
    `The members' changes are made one by ${{ fedavg: 'FedAvg', fedavgm: 'FedAvg with momentum', fedadam: 'FedAdam' }[strategy.kind]}.`,
    `${Math.round(local.evaluationFraction * 100)} % of your data are kept aside: your node votes by them whether a new model is better, and doesn't train on them.`,
  ];
}

function leaves(plan: Plan, { bytes }: Say): string[] {
  const { aggregation, parameterCount } = plan;
  const size = bytes(uploadSizeBytes(plan, plan.maxMembers) ?? 0);
  const always = [
    'Your examples never leave the node, nor does any text made from them.',
    'Each round it sends short signed messages, which stand in a public log, and a vote: by how much the loss on your own data changed.',
  ];
  if (aggregation.kind === 'clear') {
    const opaque = opaqueRule(plan);
    const change = `Its change of the model leaves the node as it is, ${size} a round. The hub and all members can read it.`;
    const whole = `The parameters that your trainer makes leave the node as they are, at most ${bytes(opaque?.maxBytes ?? 0)} a round. The hub and all members can read them.`;
    return [...always, opaque === null ? change : whole];
  }
  const bits = sumBits(plan.maxMembers);
  const weighed =
    aggregation.weights === 'by-examples'
      ? [`The number of your examples is added up under masks as well; it counts up to ${aggregation.maxExamples}.`]
      : [];
  return [
    ...always,
    `Its change of the model, scaled down to norm ${aggregation.clipNorm} and rounded, leaves the node only under masks: ${parameterCount} numbers of ${bits} bits, ${size} a round.`,
    ...weighed,
  ];
}

function learned(plan: Plan): string[] {
  const { aggregation, minMembers, maxMembers } = plan;
  const general =
    'The final model, like every model, may remember some of what it was trained on. This plan adds no noise against that.';
  if (aggregation.kind === 'clear') {
    const opening =
      'WARNING: your trainer opens bytes that other members made. Where it does so with Python’s pickle, as torch.load may, those bytes can run any program: let it run where there is nothing to steal or to break.';
    return [
      'Everybody in the alliance and the hub sees your change of the model each round. Training examples can be partly rebuilt from such changes.',
      ...(opaqueRule(plan) === null ? [] : [opening]),
      general,
    ];
  }
  const { minSurvivors } = aggregation;
  const small =
    minSurvivors === 2
      ? [
          'WARNING: the sum of two tells each of them the other’s change exactly. With two members left, yours is not hidden from the other one.',
        ]
      : minSurvivors <= 5
        ? [
            `A sum of few tells each member what the other ${minSurvivors - 1} change together. For so small a group differential privacy is recommended; this plan doesn’t use it.`,
          ]
        : [];
  return [
    `Hub and aggregators see only the sum over at least ${minSurvivors} members, as long as no more than a third of the alliance's members work together with them.`,
    ...small,
    `Who of the ${minMembers} to ${maxMembers} members took part in which round, and each one's vote, is public.`,
    general,
  ];
}

function lasts(plan: Plan, { duration }: Say): string[] {
  const { phases, rounds } = plan;
  const longest = candidateSeconds(plan) + phases.commit + phases.reveal;
  return [
    `A round takes at most ${duration(longest)}, of which ${duration(phases.upload)} are for training and upload; it goes on earlier when everybody has answered.`,
    `${rounds} rounds take at most ${duration(longest * rounds)}, unless a posted sum is refuted: then another aggregator gets its time.`,
    `The hub keeps what a later check needs for ${duration(plan.retentionSeconds)}.`,
  ];
}

function pays(plan: Plan, { amount }: Say): string[] {
  const { pool, stake, rounds, evaluatorFeeBps, minMembers, unrevealedPenaltyBps } = plan;
  const { perMember } = previewPay({ pool: BigInt(pool), rounds, evaluatorFeeBps, members: minMembers });
  return [
    `You lock a bond of ${amount(BigInt(stake))} while you are a member; it comes back when you leave between rounds or the alliance ends.`,
    `The pool is ${amount(BigInt(pool))}. With ${minMembers} members, all in every round, each earns ${amount(perMember)}: equal shares for those whose change is in an accepted sum, and ${evaluatorFeeBps / 100} % for votes.`,
    `You lose ${unrevealedPenaltyBps / 100} % of the bond for a vote that you commit and don't reveal, and all of it only for two contradicting messages that you signed yourself.`,
    `Adding up is paid nothing and needs a bond of ${amount(BigInt(plan.aggregatorStake))}, lost for a sum that the members' own replays refute.`,
    ...replayed(plan),
    ...(plan.aggregation.kind === 'secure'
      ? [
          'Since single changes are hidden, somebody who sends zeros is paid too; what limits that are the votes, the bonds and who may join.',
        ]
      : []),
  ];
}

/** What the members' replays are worth where only a trainer can add up. */
function replayed(plan: Plan): string[] {
  const rule = opaqueRule(plan);
  if (rule === null) return [];
  if (rule.replay === 'bytes') {
    return [
      'Adding up is your trainer’s "aggregate", which must give everybody the very same bytes: with another version of it than the others you vote against their models, and as an aggregator you lose the bond.',
    ];
  }
  return [
    'Sums can’t be replayed, since the trainer’s "aggregate" doesn’t give the same bytes twice. Nobody can prove what a sum was made of, so a lying aggregator is never convicted; whether a model is taken rests on the members’ votes alone.',
  ];
}

function happens(plan: Plan, { amount }: Say): string[] {
  const { minMembers, maxMembers, aggregation, toleranceMicroNats } = plan;
  const ofAll = cohortNeeded(plan, maxMembers);
  const once = ofAll > minMembers ? ` (${ofAll} once the alliance has ${maxMembers})` : '';
  const needed = survivorQuorum(minMembers, minMembers);
  const signers = needed >= minMembers ? 'everybody in a group of that size' : `${needed} of them`;
  return [
    'Your node fails in a round: you earn nothing for that round, and lose nothing, unless it had committed a vote that it then can’t reveal.',
    `Fewer than ${minMembers} members are there${once}, or fewer than ${aggregation.minSurvivors} changes arrive: the round is given up, the model stays, its money goes to the rounds to come. With the smallest group, ${signers} must stay until the sum is signed.`,
    `A new model is accepted where the median of the votes is a change of loss of at most ${toleranceMicroNats / 1_000_000} nats a token; otherwise the old one stays.`,
    `The hub lies or is gone: your node notices lies, says so with proof and takes no further part in the round${aggregation.kind === 'secure' ? '; it can’t be made to send anything in clear' : ''}.`,
    `The creator cancels between rounds: what was paid stays paid, bonds are free, the rest of the ${amount(BigInt(plan.pool))} goes back.`,
  ];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
