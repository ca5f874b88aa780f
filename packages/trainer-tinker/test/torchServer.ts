/**
 * How SkyRL 0.4.0 behaves on its torch backends, by its sources (`skyrl_train_backend.py`, `skyrl_train_inference_forwarding.py`,
 * `engine.py`), for the toy server: which models it takes, and when its inference engines have weights.
 */

import type { TrainingRequest } from "../src/index.ts"

export interface TorchOptions {
  readonly strategy: "fsdp" | "megatron"
  /** Whether training and sampling take turns on the same GPUs: `trainer.placement.colocate_all`. */
  readonly colocated: boolean
}

export class TorchServer {
  readonly #options: TorchOptions
  readonly #models = new Set<string>()
  /** Of the first model; all later ones have the same. */
  #rank = 0
  /** How deep the inference engines sleep: 1 keeps their weights, 2 drops them; null is awake, or not started. */
  #sleep: 1 | 2 | null = null
  #started = false

  constructor(options: TorchOptions) {
    this.#options = options
  }

  /** Why a model is not made; null where it is. */
  create(id: string, rank: number): string | null {
    if (this.#models.size > 0) {
      if (rank === 0) {
        return "SkyRLTrainBackend already has a 'policy' model; multi-tenant training is only supported for LoRA (rank > 0)"
      }
      if (this.#rank === 0) {
        return "Cannot register an additional LoRA adapter: the first policy model was created without LoRA. Recreate the server with a LoRA-enabled first model."
      }
      if (rank !== this.#rank) {
        return `LoRA signature mismatch for model '${id}': got (rank, alpha)=(${rank}, 32), first adapter registered with (${this.#rank}, 32). Multi-LoRA with the SkyRLTrainBackend requires identical (rank, alpha) across all adapters; target_modules is fixed server-side.`
      }
      if (this.#options.strategy === "fsdp") return noAdapterStore
    }
    this.#models.add(id)
    this.#rank = rank
    return null
  }

  unload(id: string): void {
    this.#models.delete(id)
    if (this.#models.size > 0) return
    this.#started = false
    this.#sleep = null
  }

  /** Whatever trains, scores, saves or loads. */
  work(): void {
    if (this.#started && this.#options.colocated) this.#sleep ??= this.#rank > 0 ? 1 : 2
  }

  saveForSampler(): void {
    this.#started = true
    this.#sleep = null
  }

  /** Why a sample fails; null where it does not. */
  sample(model: string): string | null {
    if (!this.#options.colocated) {
      return this.#rank > 0
        ? null
        : `vLLM /v1/completions returned 404: {"error":{"message":"The model \`${model}\` does not exist.","type":"NotFoundError","code":404}}`
    }
    if (this.#sleep === 2) {
      return "Waking up inference engines failed: inference engines have no synced weights (slept at level 2, which discards them); call save_weights_for_sampler before sampling"
    }
    this.#sleep = null
    return null
  }
}

/** As Ray words an exception of a worker. */
const noAdapterStore = [
  "\u001b[36mray::FSDPPolicyWorkerBase.register_adapter()\u001b[39m (pid=4021, ip=10.0.0.7, actor_id=9a4b4f6c1c0f2d3e5a6b7c8d01000000, repr=<skyrl.backends.skyrl_train.workers.fsdp.fsdp_worker.FSDPPolicyWorkerBase object at 0x7f3a5c1d2e50>)",
  '  File "/opt/SkyRL/skyrl/backends/skyrl_train/workers/worker.py", line 1558, in register_adapter',
  '    self._adapter_store_unsupported("register_adapter")',
  '  File "/opt/SkyRL/skyrl/backends/skyrl_train/workers/worker.py", line 1536, in _adapter_store_unsupported',
  "    raise NotImplementedError(",
  "NotImplementedError: FSDPPolicyWorkerBase.register_adapter is not implemented: multi-tenant LoRA adapter management (the adapter store) is currently only supported on the Megatron backend. The FSDP backend supports a single LoRA adapter (or full fine-tuning) per worker group.",
].join("\n")

/** Why the workers cannot read a loss's settings; null where they can. Those of ppo are renamed before, those of cispo are not. */
export const configProblem = ({ lossFn, lossFnConfig }: TrainingRequest): string | null => {
  const names = Object.keys(lossFnConfig)
  return lossFn === "ppo" || names.length === 0
    ? null
    : `Invalid fields {${names.map((name) => `'${name}'`).join(", ")}} for AlgorithmConfig.`
}
