CREATE TABLE `node_cache` (
	`workspace_id` text NOT NULL,
	`key` text NOT NULL,
	`outputs` text NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `key`)
);
--> statement-breakpoint
CREATE INDEX `node_cache_expiry` ON `node_cache` (`workspace_id`,`expires_at`);