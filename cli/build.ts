import { ensureBuild } from "./runtime/build-project.ts";
import { reportStartError } from "./runtime/report-start-error.ts";

/** `npm run build`: the Worker and the pages, whether or not the last build still fits. */
try {
  await ensureBuild({ force: true });
} catch (error) {
  reportStartError(error);
}
