/**
 * reasoning-gym's procedural data sets, whose rows name theirs as `metadata.source_dataset`. Of 106 data sets 33 have one answer, which is
 * compared as text; the others bring a program that scores (equivalent expressions, any solution of a puzzle, a share for near
 * misses), which is not here. After reasoning-gym at commit 49b0713, where a data set has its own `score_answer`.
 */
const exact = new Set(
  (
    "acre aiw arc_1d base_conversion basic_arithmetic bf binary_alternation caesar_cipher count_bits " +
    "count_primes course_schedule gcd isomorphic_strings largest_island lcm leg_counting letter_counting " +
    "list_functions mahjong_puzzle maze modulo_grid number_filtering number_sequence ransom_note " +
    "rotate_matrix rotten_oranges simple_equations simple_geometry string_manipulation string_splitting " +
    "string_synthesis syllogism word_sequence_reversal"
  ).split(" "),
)

/** Whether equal texts are all that its scorer asks for; null is a question of nobody's. */
export const isComparedAsText = (dataset: string | null): boolean => dataset === null || exact.has(dataset)
