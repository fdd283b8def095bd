import { dirname } from 'node:path';

export interface Place {
  readonly line: number;
  readonly message: string;
}

/** Where this machine keeps the checkout, and whose packages it installs. */
export interface Machine {
  readonly root: string;
  /** Folder for passing files, in which a checkout's parent says nothing. */
  readonly temporary: string;
  /** URL of the configured registry, where npm tells it. */
  readonly registry?: string | undefined;
}

const REGISTRY_HOST = /https?:\/\/[^\s/"'`]*(?:registry|npmjs|pypi|mirror)[^\s/"'`]*/i;
const HOME_FOLDER = /(?:\/home|\/Users)\/[a-z]|(?<![\w.])\/root\/|\b[A-Z]:\\Users\\/;

/**
 * Lines of a file that tie it to one machine: a registry's host, somebody's home, or the folder of this checkout.
 * They would break, or give away, on every other machine.
 */
export function placeFaults(text: string, machine: Machine): Place[] {
  const literals = machinePlaces(machine);
  return text.split('\n').flatMap((content, index) => {
    const line = index + 1;
    const found = REGISTRY_HOST.exec(content)?.[0] ?? HOME_FOLDER.exec(content)?.[0];
    if (found !== undefined) return [{ line, message: `names a place of one machine: ${found}` }];
    const literal = literals.find((place) => content.includes(place));
    return literal === undefined ? [] : [{ line, message: `names a place of this machine: ${literal}` }];
  });
}

function machinePlaces({ root, temporary, registry }: Machine): string[] {
  const checkout = root.replace(/\/$/, '');
  const parent = dirname(checkout);
  const isTelling = parent !== '/' && !`${parent}/`.startsWith(`${temporary.replace(/\/$/, '')}/`);
  const host = registry === undefined ? [] : [new URL(registry).host];
  return [`${checkout}/`, ...(isTelling ? [`${parent}/`] : []), ...host];
}
