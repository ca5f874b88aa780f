/** What forward_backward says, whichever way it is written down. */

/** One sequence. Every array has the length of `tokens`: entry t speaks of predicting the token after token t. */
export interface WireDatum {
  readonly tokens: ReadonlyArray<number>
  readonly inputs: Readonly<Record<string, ReadonlyArray<number>>>
}

export interface TrainingRequest {
  readonly modelId: string
  /** 0 is none. */
  readonly seqId: number
  readonly data: ReadonlyArray<WireDatum>
  readonly lossFn: string
  readonly lossFnConfig: Readonly<Record<string, number>>
  /** Log-probabilities only, no gradient. */
  readonly forwardOnly: boolean
}

export interface TrainingOutput {
  /** One a datum. */
  readonly outputs: ReadonlyArray<Readonly<Record<string, ReadonlyArray<number>>>>
  readonly metrics: Readonly<Record<string, number>>
}
