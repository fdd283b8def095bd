/** Exit codes of every command; docs/cli.md lists them from here. */
export const EXIT_CODES = {
  done: { code: 0, meaning: 'it was done; for `conformance`, every check passed' },
  error: { code: 1, meaning: 'an error of the input or the machine; for `conformance`, a check missed its tolerance' },
  usage: { code: 2, meaning: 'the command line was wrong; nothing was done' },
  interrupted: { code: 130, meaning: 'interrupted by Ctrl-C; `train` has saved a checkpoint to resume from' },
} as const;
