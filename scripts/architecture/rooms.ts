/** A part of the repository with a border: who may import it, and what it may touch. */
export interface Room {
  readonly name: string;
  /** Folder from the root; of nested rooms the innermost counts. */
  readonly folder: string;
  /** Name under which other rooms import it; a room without one is imported by relative path. */
  readonly package?: string;
  readonly holds: string;
  readonly mayImport: readonly string[];
  /**
   * Where Node's own modules and globals may be used: anywhere, nowhere, or only below this folder of the room.
   * The rest of the room runs in a browser too. Tests are free.
   */
  readonly node: 'anywhere' | 'nowhere' | `${string}/`;
  /** Clock, randomness, timers and network come in as arguments only. */
  readonly pure: boolean;
}

/** Every room there is. ARCHITECTURE.md's table is drawn from it. */
export const rooms: readonly Room[] = [
  {
    name: 'core',
    folder: 'packages/core',
    package: '@skein/core',
    holds:
      'words everybody shares: errors, units, canonical JSON, digests, Merkle trees, safetensors, update manifests',
    mayImport: [],
    node: 'nowhere',
    pure: true,
  },
  {
    name: 'engine',
    folder: 'packages/engine',
    package: '@skein/engine',
    holds: 'graph and derivative, ONNX, models, LoRA, tokenizer, data, training, generation, evaluation',
    mayImport: ['core'],
    node: 'src/node/',
    pure: false,
  },
  {
    name: 'privacy',
    folder: 'packages/privacy',
    package: '@skein/privacy',
    holds: 'secure aggregation, the check of the sum, the replay',
    mayImport: ['core'],
    node: 'src/node/',
    pure: true,
  },
  {
    name: 'chain',
    folder: 'packages/chain',
    package: '@skein/chain',
    holds: 'contracts in Solidity, the typed actions on them, the embedded development chain',
    mayImport: ['core'],
    node: 'src/node/',
    pure: false,
  },
  {
    name: 'alliance',
    folder: 'packages/alliance',
    package: '@skein/alliance',
    holds: 'federated rounds: plan, signed messages, the state machine, strategies, evaluation, faults',
    mayImport: ['core', 'privacy'],
    node: 'nowhere',
    pure: true,
  },
  {
    name: 'client',
    folder: 'packages/client',
    package: '@skein/client',
    holds: "the hub's HTTP interface as schemas, and the typed client of it",
    mayImport: ['core', 'alliance'],
    node: 'nowhere',
    pure: false,
  },
  {
    name: 'hub',
    folder: 'apps/hub',
    package: '@skein/hub',
    holds: 'the server: HTTP routes, storage, relay, chain indexer, transparency log',
    mayImport: ['core', 'privacy', 'chain', 'alliance', 'client'],
    node: 'anywhere',
    pure: false,
  },
  {
    name: 'node',
    folder: 'apps/node',
    package: '@skein/node',
    holds: "the participant's daemon: keys, policy; trains, evaluates, aggregates",
    mayImport: ['core', 'engine', 'privacy', 'chain', 'alliance', 'client'],
    node: 'anywhere',
    pure: false,
  },
  {
    name: 'cli',
    folder: 'apps/cli',
    package: '@skein/cli',
    holds: 'the command `skein`',
    mayImport: ['core', 'engine', 'chain', 'alliance', 'client', 'node', 'setup'],
    node: 'anywhere',
    pure: false,
  },
  {
    name: 'examples',
    folder: 'examples',
    holds: 'programs to start from; they stand alone',
    mayImport: [],
    node: 'anywhere',
    pure: false,
  },
  {
    name: 'setup',
    folder: 'scripts/setup',
    holds: 'plain JavaScript that brings Node 24 and the packages; runs before anything is installed',
    mayImport: [],
    node: 'anywhere',
    pure: false,
  },
  {
    name: 'scripts',
    folder: 'scripts',
    holds: 'checks and generators',
    mayImport: ['core', 'engine', 'chain', 'client', 'setup'],
    node: 'anywhere',
    pure: false,
  },
  {
    name: 'test',
    folder: 'test',
    holds: 'tests across packages, vectors of other software',
    mayImport: ['core', 'engine', 'privacy', 'chain', 'alliance', 'client', 'hub', 'node', 'cli'],
    node: 'anywhere',
    pure: false,
  },
  {
    name: 'bench',
    folder: 'bench',
    holds: 'measurements, one file per subject',
    mayImport: ['core', 'engine', 'privacy', 'chain', 'alliance', 'client', 'hub', 'node', 'cli'],
    node: 'anywhere',
    pure: false,
  },
];

/** External packages that exist only for Node, so that importing one is as good as importing `node:`. */
export const nodeOnlyPackages: ReadonlySet<string> = new Set(['onnxruntime-node']);

/** The innermost room that a path from the root lies in. */
export function roomOf(path: string): Room | undefined {
  return rooms
    .filter((room) => path.startsWith(`${room.folder}/`))
    .toSorted((a, b) => b.folder.length - a.folder.length)[0];
}
