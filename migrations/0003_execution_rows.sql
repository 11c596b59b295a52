-- A run as one row of the table and two of its indexes: no row ids, which would need an index for `id`, and none by status for runs that completed.
CREATE TABLE `execution_rebuilt` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`graph_id` text NOT NULL,
	`graph_version` integer NOT NULL,
	`graph_name` text NOT NULL,
	`status` text NOT NULL,
	`source` text NOT NULL,
	`seq` integer NOT NULL,
	`error` text,
	`stats` text NOT NULL,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`ended_at` integer,
	`deleted_at` integer,
	`archived_at` integer
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `execution_rebuilt` SELECT `id`, `workspace_id`, `graph_id`, `graph_version`, `graph_name`, `status`, `source`, `seq`, `error`, `stats`, `created_at`, `started_at`, `ended_at`, `deleted_at`, `archived_at` FROM `execution`;--> statement-breakpoint
DROP TABLE `execution`;--> statement-breakpoint
ALTER TABLE `execution_rebuilt` RENAME TO `execution`;--> statement-breakpoint
CREATE INDEX `execution_workspace` ON `execution` (`workspace_id`,`created_at`,`id`) WHERE deleted_at IS NULL;--> statement-breakpoint
CREATE INDEX `execution_graph` ON `execution` (`workspace_id`,`graph_id`,`created_at`,`id`) WHERE deleted_at IS NULL;--> statement-breakpoint
CREATE INDEX `execution_unusual` ON `execution` (`workspace_id`,`status`,`created_at`,`id`) WHERE deleted_at IS NULL AND status <> 'COMPLETED';--> statement-breakpoint
CREATE INDEX `execution_deleted` ON `execution` (`workspace_id`,`deleted_at`) WHERE deleted_at IS NOT NULL;
