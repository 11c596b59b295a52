/** Since when the test file that runs has run. Files share a runtime and its queues, which cannot be emptied as storage can. */
export const thisFile = { began: 0 };

/** Without what a file before this one has sent; what is left out counts as done. */
export function sentByThisFile<T>(batch: MessageBatch<T>): MessageBatch<T> {
  const messages = batch.messages.filter(({ timestamp }) => timestamp.getTime() >= thisFile.began);
  return messages.length === batch.messages.length
    ? batch
    : {
        queue: batch.queue,
        metadata: batch.metadata,
        messages,
        ackAll: () => batch.ackAll(),
        retryAll: (options) => batch.retryAll(options),
      };
}
