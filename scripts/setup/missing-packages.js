/**
 * @typedef {object} LockedPackage An entry of npm's lock file.
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [link] a workspace of ours.
 * @property {boolean} [optional]
 * @property {readonly string[]} [os]
 * @property {readonly string[]} [cpu]
 * @property {readonly string[]} [libc]
 */

/** @typedef {{ os: string, cpu: string, libc: string }} Platform */
/** @typedef {Readonly<Record<string, LockedPackage>>} PackageTree */

/**
 * Folders of packages that the lock asks for on this platform and that the installed tree lacks or has in another
 * version. Platform packages count although npm calls them optional: npm under an old Node leaves them out silently,
 * and what needs them then fails much later.
 * @param {PackageTree} locked `packages` of package-lock.json.
 * @param {PackageTree} installed `packages` of node_modules/.package-lock.json.
 * @param {Platform} platform
 */
export function missingPackages(locked, installed, platform) {
  return Object.entries(locked)
    .filter(([folder, entry]) => folder !== '' && isNeeded(entry, platform))
    .filter(([folder, entry]) => !isSame(entry, installed[folder]))
    .map(([folder]) => folder);
}

/** @param {LockedPackage} entry @param {Platform} platform */
function isNeeded(entry, platform) {
  const bound = entry.os !== undefined || entry.cpu !== undefined;
  if (entry.optional === true && !bound) return false;
  return (
    allows(entry.os, platform.os) &&
    allows(entry.cpu, platform.cpu) &&
    (!entry.libc || allows(entry.libc, platform.libc))
  );
}

/** npm's rule for os, cpu and libc: a list of names, or of names refused with a leading `!`. @param {readonly string[] | undefined} list @param {string} name */
function allows(list, name) {
  if (list === undefined || list.includes(name)) return true;
  return list.every((item) => item.startsWith('!')) && !list.includes(`!${name}`);
}

/** @param {LockedPackage} wanted @param {LockedPackage | undefined} found */
function isSame(wanted, found) {
  return found !== undefined && found.version === wanted.version && found.integrity === wanted.integrity;
}
