import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot } from './project-root.js';
import { SetupError } from './setup-error.js';

const POLL_MS = 200;
/** Longer than the slowest install seen over a slow line; past it the holder is taken to hang. */
const DEADLINE_MS = 15 * 60_000;

/**
 * Runs `work` while no other process does. The lock is a folder with one file named after its holder's process id:
 * creating it and taking it over from a dead holder are each one rename, which only one process can win.
 * @param {() => void} work
 * @param {string} folder the lock; its parent is created.
 * @throws {SetupError} when a living process holds the lock for 15 minutes.
 */
export async function withSetupLock(work, folder = join(projectRoot, '.node', 'lock')) {
  mkdirSync(dirname(folder), { recursive: true });
  const deadline = Date.now() + DEADLINE_MS;
  while (!tryLock(folder)) {
    if (Date.now() > deadline) {
      throw new SetupError(
        `Another set-up has held ${folder} for 15 minutes: end it, delete that folder, and try again.`,
      );
    }
    await delay(POLL_MS);
  }
  try {
    work();
  } finally {
    releaseLock(folder);
  }
}

/** @param {string} folder */
function tryLock(folder) {
  const own = mkdtempSync(`${folder}-`);
  writeFileSync(join(own, String(process.pid)), '');
  // Renaming onto a folder that isn't empty fails, so a held lock is never replaced.
  if (succeeds(() => renameSync(own, folder))) return true;
  rmSync(own, { recursive: true });
  return takeOverFromDead(folder);
}

/** @param {string} folder */
function takeOverFromDead(folder) {
  const holder = readHolder(folder);
  if (holder === undefined || isAlive(holder)) return false;
  return succeeds(() => renameSync(join(folder, String(holder)), join(folder, String(process.pid))));
}

/** @param {string} folder */
function releaseLock(folder) {
  const leaving = mkdtempSync(`${folder}-`);
  renameSync(folder, join(leaving, 'released'));
  rmSync(leaving, { recursive: true });
}

/** @param {string} folder @returns {number | undefined} undefined where the lock has just been released. */
function readHolder(folder) {
  /** @type {number | undefined} */
  let holder;
  succeeds(() => {
    holder = Number(readdirSync(folder)[0]);
  });
  return holder;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return /** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH';
  }
}

/** Whether a step on the file system won its race; a lost race shows as one of these codes. @param {() => void} step */
function succeeds(step) {
  try {
    step();
    return true;
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code && ['ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES', 'ENOENT'].includes(code)) return false;
    throw error;
  }
}
