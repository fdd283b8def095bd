/* oxlint-disable max-lines -- written by `npm run contracts` */
export const sourceDigest = 'sha256:2554ec673cb02c71a19bf0f393e9d3da7c9c2e35b755d90dbafb5d0654fa1089';
