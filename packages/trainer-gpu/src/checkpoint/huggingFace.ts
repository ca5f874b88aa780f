/**
 * A policy as a folder that `transformers` loads with `trust_remote_code=True`: the weights under the names they have,
 * configuration and vocabulary in its words, and the model, configuration and tokenizer as Python (`pytorch/`).
 */
import type { PolicyEngine } from "@azr/core"
import { type ModelConfig, modelTensors } from "../model/ModelConfig.ts"
import type { Checkpoint } from "./Checkpoint.ts"
import { encodeSafetensors } from "./Safetensors.ts"

/** The Python files of the folder, as they lie in this package. */
export const huggingFaceCode: ReadonlyArray<{ readonly name: string; readonly url: URL }> = [
  "configuration_azr_gpt.py",
  "modeling_azr_gpt.py",
  "structural_features.py",
  "tokenization_azr_gpt.py",
].map((name) => ({ name, url: new URL(`../../pytorch/${name}`, import.meta.url) }))

/** Compares an exported folder with the engine; `apps/cli` speaks to it. */
export const huggingFaceCheck: URL = new URL("../../pytorch/check_export.py", import.meta.url)

/** The other files: `config.json`, `generation_config.json`, `model.safetensors`, `pieces.json`, `tokenizer_config.json`. */
export const huggingFaceFiles = ({ config, state }: Checkpoint): ReadonlyArray<PolicyEngine.PolicyFile> => {
  const shapes = new Map(modelTensors(config).map((spec) => [spec.name, spec.shape]))
  const { markers, numbers, pieces, stops } = config.vocabulary
  const [stop] = stops
  return [
    json("config.json", modelConfig(config)),
    json("generation_config.json", {
      eos_token_id: stops,
      // Nothing is longer than the context; a caller may ask for less.
      max_length: config.context,
      pad_token_id: stop,
      use_cache: false,
    }),
    {
      name: "model.safetensors",
      bytes: encodeSafetensors({
        metadata: { format: "pt" },
        tensors: new Map(
          [...state.parameters].map(([name, values]) => [name, { shape: shapes.get(name) ?? [], values }]),
        ),
      }),
    },
    json("pieces.json", { pieces, numbers, markers, stops }),
    json("tokenizer_config.json", {
      auto_map: { AutoTokenizer: ["tokenization_azr_gpt.AzrGptTokenizer", null] },
      eos_token: stop === undefined ? null : pieces[stop],
      model_max_length: config.context,
      pad_token: stop === undefined ? null : pieces[stop],
      padding_side: "right",
      tokenizer_class: "AzrGptTokenizer",
    }),
  ]
}

const modelConfig = (config: ModelConfig) => ({
  architectures: ["AzrGptForCausalLM"],
  auto_map: {
    AutoConfig: "configuration_azr_gpt.AzrGptConfig",
    AutoModelForCausalLM: "modeling_azr_gpt.AzrGptForCausalLM",
  },
  dtype: "float32",
  eos_token_id: config.vocabulary.stops,
  features: config.features.map(({ _tag, ...feature }) => ({ kind: _tag, ...feature })),
  hidden_size: config.width,
  intermediate_size: config.mlpRatio * config.width,
  max_position_embeddings: config.context,
  model_type: "azr_gpt",
  num_attention_heads: config.heads,
  num_hidden_layers: config.layers,
  pad_token_id: config.vocabulary.stops[0],
  tie_word_embeddings: false,
  use_cache: false,
  vocab_size: config.vocabulary.pieces.length,
})

const json = (name: string, value: unknown): PolicyEngine.PolicyFile => ({
  name,
  bytes: new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`),
})
