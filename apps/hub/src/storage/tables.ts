import type { Generated } from 'kysely';

/** Rows as they come back from either database: int8 as number, bytea as Uint8Array. JSON is kept as canonical text. */
export interface Tables {
  /** What must not change under a database: chain, contracts, the log's key. */
  identity: { key: string; value: string };
  plans: { digest: string; json: string };
  messages: {
    alliance: string;
    round: number;
    attempt: number;
    kind: string;
    sender: string;
    json: string;
    log_index: number;
    /** Seconds by the chain's clock. */
    received_at: number;
  };
  /** The first contradiction of each message: proof for the contract. */
  equivocations: { alliance: string; round: number; attempt: number; kind: string; sender: string; second: string };
  /** Roots that may be stored, by who spoke of them: a message's kind, or `plan`. */
  announcements: {
    root: string;
    alliance: string;
    round: number;
    kind: string;
    sender: string;
    size_bytes: number | null;
  };
  blobs: { root: string; size_bytes: number; whole: boolean };
  log_entries: { index: number; data: Uint8Array };
  log_nodes: { level: number; index: number; hash: Uint8Array };
  log_anchors: { size: number; root: string };
  /** Alliances as the chain told them last, so that the hub can go on while the chain is away. */
  alliances: {
    id: string;
    plan_digest: string;
    /** `AllianceOnChain`. */
    chain: string;
    /** `ChainRound` of the current round; null before the first. */
    round: string | null;
  };
  chain_blocks: { number: number; hash: string };
  chain_events: { block: number; position: number; alliance: string | null; name: string; time: number; args: string };
  rounds: {
    alliance: string;
    round: number;
    /** `RoundState` of the coordinator. */
    state: string;
    /** `ChainRound` as it was last seen. */
    chain: string;
    /** `RoundTimes`. */
    times: string;
    /** Through this hub: messages and chunks, in both directions. */
    bytes: number;
    loss_change: number | null;
    /** Chain's clock; null while the round runs. */
    closed_at: number | null;
    /** Of its result; null before. */
    log_index: number | null;
  };
  events: { id: Generated<number>; alliance: string; kind: string; round: number | null };
}
