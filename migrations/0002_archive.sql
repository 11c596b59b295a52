CREATE TABLE `archive_cursor` (
	`workspace_id` text PRIMARY KEY NOT NULL,
	`created_at` integer NOT NULL,
	`execution_id` text NOT NULL,
	`swept_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `archive_straggler` (
	`execution_id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `archive_straggler_due` ON `archive_straggler` (`due_at`);--> statement-breakpoint
ALTER TABLE `execution` ADD `archived_at` integer;