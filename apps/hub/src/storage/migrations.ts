import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Every change of the tables, oldest first; one that was published is never edited. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-start': {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const statement of START.split(';')) if (statement.trim() !== '') await sql.raw(statement).execute(db);
    },
  },
};

const START = `
create table identity (key text primary key, value text not null);
create table plans (digest text primary key, json text not null);
create table messages (
  alliance text not null, round int4 not null, attempt int4 not null, kind text not null, sender text not null,
  json text not null, log_index int8 not null unique, received_at int8 not null,
  primary key (alliance, round, attempt, kind, sender));
create table equivocations (
  alliance text not null, round int4 not null, attempt int4 not null, kind text not null, sender text not null,
  second text not null, primary key (alliance, round, attempt, kind, sender));
create table announcements (
  root text not null, alliance text not null, round int4 not null, kind text not null, sender text not null,
  size_bytes int8, primary key (root, alliance, round, kind, sender));
create index announcements_by_round on announcements (alliance, round);
create table blobs (root text primary key, size_bytes int8 not null, whole bool not null);
create table log_entries (index int8 primary key, data bytea not null);
create table log_nodes (level int4 not null, index int8 not null, hash bytea not null, primary key (level, index));
create table log_anchors (size int8 primary key, root text not null);
create table chain_blocks (number int8 primary key, hash text not null);
create table chain_events (
  block int8 not null, position int4 not null, alliance text, name text not null, time int8 not null,
  args text not null, primary key (block, position));
create index chain_events_by_alliance on chain_events (alliance, name);
create table alliances (id text primary key, plan_digest text not null, chain text not null, round text);
create table rounds (
  alliance text not null, round int4 not null, state text not null, chain text not null, times text not null,
  bytes int8 not null, loss_change int8, closed_at int8, log_index int8, primary key (alliance, round));
create table events (id bigserial primary key, alliance text not null, kind text not null, round int4);
create index events_by_alliance on events (alliance, id)`;
