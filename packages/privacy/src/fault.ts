/** What a peer did wrong, as data: never thrown through a round. */
export interface PrivacyFault<Kind extends string = string> {
  readonly kind: Kind;
  /** The member whom `evidence` (signed messages of the caller around it) proves guilty; absent where nobody is proved guilty. */
  readonly culprit?: string;
  /** One sentence for people, without any secret. */
  readonly message: string;
  /** Plain data that show the fault to others. */
  readonly evidence?: unknown;
}
