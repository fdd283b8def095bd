/* oxlint-disable max-lines -- written by `npm run contracts` */
export const sourceDigest = 'sha256:442c56ab17eb9a9637709751cb3f88a19c0fd0c0e8e172e2443777e432db9f1d';
