/* oxlint-disable max-lines -- written by `npm run contracts` */
export const sourceDigest = 'sha256:77a91a99e6f5053a07e1785a7561eb0adc8bb7ce1920325de60924d87e640cab';
