import { tfjsSuite } from "./tfjsSuite.ts"

tfjsSuite("tfjs-js")
