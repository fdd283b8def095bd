/* oxlint-disable max-lines -- written by `npm run contracts` */
export const sourceDigest = 'sha256:1fc9165c7c602d5b1ac1b07756ef35994f9f076692e90e363562cb27d8dcf34e';
