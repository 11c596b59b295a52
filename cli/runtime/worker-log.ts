export type LogSink = (level: string, message: string) => void;

/** Lines of the Worker go to standard error, as they are: the Worker writes structured lines of its own. */
export const workerLog: LogSink = (level, message) => {
  process.stderr.write(level === "error" || level === "warn" ? `[${level}] ${message}\n` : `${message}\n`);
};
