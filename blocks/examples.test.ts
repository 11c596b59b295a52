import { describeExamples } from "./examples.testkit.ts";

describeExamples();
