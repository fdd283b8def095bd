import { createProgress, type Progress } from './progress.ts';

/** Where a command writes: data on stdout, talk and progress on stderr. */
export interface Terminal {
  /** Whether a person sees stdout, so that colour is of use. */
  readonly colour: boolean;
  /** Writes data as it is. */
  write(text: string): void;
  /** A line of talk. */
  say(line: string): void;
  /** Shows how far a long activity is. End it before saying anything else. */
  progress(options: { readonly label: string; readonly unit: string; readonly total: number }): Progress;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly talk: NodeJS.WriteStream;
}

/** The process's own streams. */
export function createTerminal(process: NodeJS.Process): Terminal {
  const { stdin, stdout, stderr } = process;
  const nowMs = () => performance.now();
  return {
    colour: stdout.isTTY && !process.env.NO_COLOR,
    write: (text) => void stdout.write(text),
    say: (line) => void stderr.write(`${line}\n`),
    progress: (options) => createProgress({ ...options, nowMs, live: stderr.isTTY, out: stderr }),
    input: stdin,
    output: stdout,
    talk: stderr,
  };
}
