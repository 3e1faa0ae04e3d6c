// The request that the form to try sent last: { path, instance }; what shows code makes it the same request.
import { signal } from "../vendor/preact.js";

export const tried = signal(null);
