import { readFileSync } from 'node:fs';

/** Bytes of this process, from Linux's /proc: its memory outside mapped files, and the peak of all of it. */
export function processMemory(): { readonly anonymousBytes: number; readonly peakBytes: number } {
  const status = readFileSync('/proc/self/status', 'utf8');
  const bytes = (field: string) => 1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return { anonymousBytes: bytes('RssAnon'), peakBytes: bytes('VmHWM') };
}
