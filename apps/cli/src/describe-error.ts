import { BaseError } from '@skein/core';

/** An error as the command line tells it, to people and with `--json`. */
export interface ErrorDescription {
  readonly code: string;
  /** One sentence: what and where. */
  readonly message: string;
  /** What to do, one sentence each. */
  readonly hints: readonly string[];
}

const HINTS: Readonly<Record<string, string>> = {
  EEXIST: 'Name another one, or move the old one away.',
  ENOSPC: 'Free some space and try again; what was written before is kept.',
};

/**
 * Puts any error into one sentence. What the project throws says it itself; what the system or a fault of ours throws
 * gets a code of its own.
 */
export function describeError(error: unknown): ErrorDescription {
  if (error instanceof BaseError) return { code: error.code, message: error.message, hints: error.hints };
  const { code, syscall, path, message } = (error ?? {}) as NodeJS.ErrnoException;
  const what = oneLine(message ?? String(error));
  if (syscall !== undefined && code !== undefined) {
    return {
      code: `cli/system-${code.toLowerCase()}`,
      message: `The system refused ${syscall}${path === undefined ? '' : ` of ${path}`}: ${what}.`,
      hints: [HINTS[code] ?? 'Check that the file or folder is there and that you may use it.'],
    };
  }
  return {
    code: 'cli/fault',
    message: `A fault of the program: ${what}`,
    hints: ['Please report it with the command.'],
  };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
