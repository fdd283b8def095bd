/** What the page of error codes says beside the program's own sentence and hints. */
export interface Remedy {
  /** Where the program puts the sentence together. */
  readonly sentence?: string;
  /** Where the error itself has no hint. */
  readonly remedy?: string;
}

const readMore =
  'Keep the evidence below evidence/ and talk to the other members; the next round is taken up as usual.';
const asHelpSays = 'See `skein COMMAND --help`.';
const report = 'Report it with the command that led here.';
const otherPlace = 'Send messages of this alliance, round and attempt only; restart the node if it fell behind.';

/** By code; a code that no source has any more is refused. */
export const remedies: Readonly<Record<string, Remedy>> = {
  'aggregator/missing': {
    sentence: "The sum can't be made: … are missing.",
    remedy: 'Wait: the hub has not shown all messages yet.',
  },
  'chain/bad-arguments': { remedy: 'Correct the arguments of the chain’s process.' },
  'chain/bad-deployment': { remedy: 'Restore the file ending in .progress beside the address book.' },
  'chain/call-failed': { remedy: 'Read what the chain’s node says, and try again.' },
  'chain/refused': { remedy: 'Read the contract’s reason.' },
  'cli/bad-value': {
    sentence: 'A word or option has a value that it can’t have; the sentence says which.',
    remedy: asHelpSays,
  },
  'cli/missing-option': { sentence: 'The command needs an option that was not given.', remedy: asHelpSays },
  'cli/fault': { sentence: 'A fault of the program: …', remedy: report },
  'cli/interrupted': {
    sentence: 'Interrupted.',
    remedy: 'Nothing: you pressed Ctrl-C, or the program was asked to end.',
  },
  'cli/log-entry': { remedy: 'Do not trust this hub; keep what it sent.' },
  'cli/log-root': { remedy: 'Do not trust this hub; keep what it sent.' },
  'cli/log-unsigned': { remedy: 'Do not trust this hub; compare the log’s key with the invitation.' },
  'cli/missing-value': { remedy: asHelpSays },
  'cli/no-file': { remedy: 'Check the path.' },
  'cli/repeated-option': { remedy: 'Give it once.' },
  'cli/unknown-command': { remedy: 'See `skein --help`.' },
  'cli/unknown-option': { remedy: asHelpSays },
  'cli/words': { remedy: asHelpSays },
  'core/invariant': { remedy: report },
  'engine/conformance-form': { sentence: 'The folder is no conformance folder.' },
  'engine/data-missing-field': { remedy: 'Add the field, or name the format with --format.' },
  'engine/data-unknown-format': { remedy: 'Rename the fields to those of a format (README.md).' },
  'engine/index-invalid': { remedy: 'Download the index file again.' },
  'engine/not-a-snapshot': { remedy: 'Name one of the folders below snapshots/.' },
  'engine/quantize-failed': { remedy: 'Use --mode fp32.' },
  'engine/runtime': { sentence: 'ONNX Runtime’s own sentence.', remedy: report },
  'engine/runtime-closed': { remedy: report },
  'engine/runtime-input': { remedy: report },
  'engine/runtime-output': { remedy: report },
  'engine/session-released': { remedy: report },
  'hub/bad-range': {
    remedy: 'Read GET /v1/log/checkpoint first. A log that has become shorter was restored from a backup.',
  },
  'hub/bad-signature': {
    sentence: 'The … message of … isn’t signed by that account.',
    remedy: 'Sign with the sender’s account, for this chain and contract.',
  },
  'hub/chain-down': { remedy: 'Wait, or start the chain’s node; the hub goes on by itself.' },
  'hub/does-not-fit': {
    sentence: 'The message contradicts what the round has fixed already; the sentence says what.',
    remedy: 'Read the round again; an honest node does so by itself.',
  },
  'hub/early': { sentence: 'The message belongs to a later phase.', remedy: 'Send it when that phase begins.' },
  'hub/internal': {
    sentence: 'The hub has made a mistake; its log says more.',
    remedy: 'Try again; if it stays, tell the operator.',
  },
  'hub/late': {
    sentence: 'The message’s phase is over.',
    remedy: 'Go on with the next round; nobody is punished for being late.',
  },
  'hub/malformed': { remedy: 'Compare the request with GET /openapi.json.' },
  'hub/method-refused': { remedy: 'Ask the chain itself; the hub passes on reading and signed transactions only.' },
  'hub/no-chunk': { remedy: 'Ask for chunks that the manifest lists and that were uploaded.' },
  'hub/no-plan': { remedy: 'The creator brings it: repeat the upload of the plan.' },
  'hub/not-a-member': {
    sentence: 'The sender is no member of this round.',
    remedy: 'Join first; members of a round are fixed when it opens.',
  },
  'hub/other-alliance': { sentence: 'The message belongs to alliance …, not to ….', remedy: otherPlace },
  'hub/other-attempt': { sentence: 'The message belongs to attempt …, not to ….', remedy: otherPlace },
  'hub/other-round': { sentence: 'The message belongs to round …, not to ….', remedy: otherPlace },
  'hub/too-large': { remedy: 'Keep to the limits of docs/wire-format.md.' },
  'hub/unsatisfiable-range': { remedy: 'Ask for a range within the blob.' },
  'hub/wrong-attempt': { sentence: 'The message carries another attempt than its kind may.', remedy: otherPlace },
  'hub/wrong-manifest': { remedy: 'Hash the file again; it has changed.' },
  'hub/wrong-size': { remedy: 'Announce the blob with its true size.' },
  'hub/wrong-type': { sentence: 'The body is no JSON.', remedy: 'Send application/json.' },
  'member/altered-message': { remedy: readMore },
  'member/changed-list': { remedy: readMore },
  'member/cohort-too-small': { remedy: readMore },
  'member/forged-message': {
    sentence: 'A message that nobody signed, or of another round or alliance.',
    remedy: readMore,
  },
  'member/incomplete-shares': { remedy: readMore },
  'member/left-out': {
    remedy: 'Look at the node’s connection, or ask for longer phases; the next round is taken up as usual.',
  },
  'member/not-in-log': { remedy: readMore },
  'member/other-alliance': { remedy: readMore },
  'member/other-members': { remedy: readMore },
  'member/other-survivors': { remedy: readMore },
  'member/second-survivor-set': { remedy: readMore },
  'member/split-log': { remedy: readMore },
  'member/split-view': { remedy: readMore },
  'member/stranger': { remedy: readMore },
  'member/sum-refuted': { remedy: 'Nothing: the other members replay too, and the aggregator loses its bond.' },
  'member/too-few-survivors': { remedy: readMore },
  'member/wrong-model': { remedy: 'Nothing: the vote is against it.' },
  'member/wrong-model-digest': { remedy: readMore },
  'node/bad-backup': { remedy: 'Write the backup to another disk and try again.' },
  'node/clock-skew': { sentence: 'This machine’s clock is … s off the chain’s.', remedy: 'Set the clock (NTP).' },
  'node/custom-method': { remedy: 'Name the trainer of node.json: `--trainer NAME`.' },
  'node/engine-died': { remedy: 'Look for lack of memory; the node starts it again from its checkpoint.' },
  'node/engine-fault': {
    sentence: 'The engine’s process failed; the sentence says how.',
    remedy: 'Read the node’s log.',
  },
  'node/equivocation': {
    sentence: 'A member signed two contradicting messages.',
    remedy: 'Nothing: the proof goes to the contract, and the member loses its bond.',
  },
  'node/fault': { sentence: 'A fault of the node; its log says more.', remedy: report },
  'node/no-model': { remedy: 'Give `--model DIR`.' },
  'node/no-sum': { sentence: 'The uploads don’t give a sum; the sentence says why.', remedy: readMore },
};
