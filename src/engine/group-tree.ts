/**
 * The tree of control groups that account memory: walked a little at a time, and looked at again for what has changed.
 *
 * The traps: a listing costs tens of microseconds and there may be thousands of groups, so folders are listed only when
 * their number of links, which is that of the groups in them, has changed; a group that is removed and made anew between two looks
 * has the same path and another inode, one that is renamed (version 1) the same inode and another path; the number of all groups tells
 * cheaply whether there is anything to look for, but not when one came as another went; and names are bytes.
 */
import { existsSync, statSync } from 'node:fs';
import { groupFilesOf } from '../procfs/cgroup-files.js';
import type { MemoryHierarchy } from '../procfs/memory-group.js';
import { toOs } from './byte-path.js';
import { GroupCount } from './group-count.js';
import { foldersIn, MOST_GROUPS } from './group-folders.js';

/** A control group that is there, as far as is known. */
export interface Group {
  /** Its inode, which is no other group's for as long as the host runs. */
  readonly id: bigint;
  /** As `/proc/PID/cgroup` tells it; one character for each byte. */
  readonly path: string;
  /** Where its files are; one character for each byte. */
  readonly folder: string;
}

/** Told of what has changed. A group is told of only while it accounts memory. */
export interface GroupWatch {
  arrived(group: Group): void;
  departed(group: Group): void;
  renamed(group: Group): void;
}

/** Between two looks at whether the number of groups has changed. */
const COUNT_NS = 1e9;
/** Links of a folder without folders. */
const NO_FOLDERS = 2;
/** However little has changed: so often each folder is looked at that has folders or no memory, and all with each fourth round. */
const ROUND_NS = 15e9;
const WHOLE_ROUNDS = 4;

class Node implements Group {
  readonly children = new Map<string, Node>();
  hasMemory = false;
  isGone = false;
  /** Links of the folder when it was listed last; 0: never, or they did not tell how many folders are in it. */
  links = 0;

  constructor(
    readonly id: bigint,
    readonly parent: Node | undefined,
    public name: string,
    private readonly place: string,
    private readonly named: string,
  ) {}

  get path(): string {
    if (this.parent === undefined) return this.named;
    const above = this.parent.path;
    return above === '/' ? `/${this.name}` : `${above}/${this.name}`;
  }

  get folder(): string {
    return this.parent === undefined ? this.place : `${this.parent.folder}/${this.name}`;
  }
}

export class GroupTree {
  readonly #watch: GroupWatch;
  readonly #isVersion1: boolean;
  readonly #chargeFile: string;
  readonly #count: GroupCount;
  readonly #root: Node | undefined;
  readonly #toList: Node[] = [];
  /** Those that are still to be looked at, the last one first. */
  #toCheck: Node[] = [];
  /** Of them those whose files could not be read. */
  readonly #suspects = new Set<Node>();
  #isCountedRound = false;
  #hasFound = false;
  #nodes = 0;
  #countAtNs = Number.NEGATIVE_INFINITY;
  #roundAtNs = Number.NEGATIVE_INFINITY;
  #rounds = 0;
  #nowNs = 0;
  #left = 0;

  /** `procfs`: the tree whose `cgroups` counts those of version 1. */
  constructor(hierarchy: MemoryHierarchy, procfs: string, watch: GroupWatch) {
    this.#watch = watch;
    this.#isVersion1 = hierarchy.version === 1;
    this.#chargeFile = groupFilesOf(hierarchy.version)[0]!.name;
    this.#count = new GroupCount(hierarchy, procfs);
    const id = inodeOf(hierarchy.folder)?.id;
    if (id === undefined) return;
    this.#root = new Node(id, undefined, '', hierarchy.folder, hierarchy.root);
    this.#add(this.#root);
  }

  /** Groups that were found and are not followed, since there are too many. */
  get left(): number {
    return this.#left;
  }

  /** Whether everything that was to be looked at has been. */
  get isSettled(): boolean {
    return this.#toList.length === 0 && this.#toCheck.length === 0;
  }

  /** Looks for what has changed, for about `mostNs` of the time at most; the rest comes with the next call. */
  look(nowNs: number, mostNs: number): void {
    this.#nowNs = nowNs;
    if (this.#roundAtNs < 0) this.#begin();
    if (this.isSettled) {
      if (nowNs - this.#countAtNs < COUNT_NS) return;
      this.#plan();
    }
    const endMs = performance.now() + mostNs / 1e6;
    do {
      const node = this.#toList.pop();
      if (node) this.#list(node);
      else if (!this.#checkNext()) return;
    } while (performance.now() < endMs);
  }

  /** A read said that the group is not there any more, or has another name: it is looked at with the next call. */
  lost(group: Group): void {
    this.#suspects.add(group as Node);
    this.#toCheck.push(group as Node);
  }

  close(): void {
    this.#count.close();
  }

  /** The first walk is a round. */
  #begin(): void {
    this.#roundAtNs = this.#nowNs;
    this.#countAtNs = this.#nowNs;
    this.#count.hasChanged();
  }

  #plan(): void {
    this.#countAtNs = this.#nowNs;
    const hasChanged = this.#count.hasChanged();
    const isDue = this.#nowNs - this.#roundAtNs >= ROUND_NS;
    if (!isDue && !hasChanged) return;
    this.#isCountedRound = !isDue;
    this.#hasFound = false;
    if (isDue) this.#roundAtNs = this.#nowNs;
    const isWhole = isDue && ++this.#rounds % WHOLE_ROUNDS === 0;
    // Most come where others are: folders without any are looked at when nothing was found elsewhere.
    this.#toCheck = this.#nodesWhere((node) => isWhole || node.children.size > 0 || !node.hasMemory);
  }

  #nodesWhere(isWanted: (node: Node) => boolean): Node[] {
    const found: Node[] = [];
    const open = this.#root ? [this.#root] : [];
    for (let node = open.pop(); node; node = open.pop()) {
      if (isWanted(node)) found.push(node);
      open.push(...node.children.values());
    }
    return found.reverse();
  }

  /** Returns whether there was one. */
  #checkNext(): boolean {
    const node = this.#toCheck.pop();
    if (!node) return false;
    if (!node.isGone) this.#check(node);
    if (this.#toCheck.length === 0 && this.#isCountedRound) {
      this.#isCountedRound = false;
      if (!this.#hasFound) this.#toCheck = this.#nodesWhere(({ children }) => children.size === 0);
    }
    return true;
  }

  #check(node: Node): void {
    const found = inodeOf(node.folder);
    if (!found) {
      // Removed or renamed: the folder that it was in tells, and without a root there is nothing.
      this.#list(node.parent ?? node);
      return;
    }
    if (found.id !== node.id) {
      if (node.parent) this.#replace(node, node.parent, found.id);
      return;
    }
    if (!node.hasMemory || this.#suspects.delete(node)) this.#lookForMemory(node);
    if (node.links !== found.links) this.#list(node);
  }

  #replace(node: Node, parent: Node, id: bigint): void {
    this.#remove(node);
    this.#add(new Node(id, parent, node.name, '', ''));
  }

  #list(node: Node): void {
    if (node.isGone) return;
    const links = inodeOf(node.folder)?.links;
    if (links === undefined) {
      if (node.parent) this.#list(node.parent);
      else this.#removeBelow(node);
      return;
    }
    const names = foldersIn(node.folder);
    // Not every file system counts a link for each folder, and one may have come between the two calls.
    node.links = links === (names?.length ?? 0) + NO_FOLDERS ? links : 0;
    if (!names) return;
    const there = new Set(names);
    const missing = new Map<bigint, Node>();
    for (const child of node.children.values()) if (!there.has(child.name)) missing.set(child.id, child);
    for (const name of names) if (!node.children.has(name)) this.#meet(node, name, missing);
    for (const child of missing.values()) this.#remove(child);
  }

  /** A name that was not there before. */
  #meet(parent: Node, name: string, missing: Map<bigint, Node>): void {
    const found = inodeOf(`${parent.folder}/${name}`);
    if (!found) return;
    const known = missing.get(found.id);
    if (!known) {
      // Where links are counted, one that has no group in it need not be listed; most have none.
      const links = parent.links > 0 && found.links === NO_FOLDERS ? NO_FOLDERS : 0;
      this.#add(new Node(found.id, parent, name, '', ''), links);
      return;
    }
    missing.delete(found.id);
    parent.children.delete(known.name);
    known.name = name;
    parent.children.set(name, known);
    this.#hasFound = true;
    for (const node of [known, ...descendantsOf(known)]) if (node.hasMemory) this.#watch.renamed(node);
  }

  #add(node: Node, links = 0): void {
    if (this.#nodes >= MOST_GROUPS) {
      this.#left++;
      return;
    }
    this.#nodes++;
    this.#hasFound = true;
    node.parent?.children.set(node.name, node);
    this.#lookForMemory(node);
    node.links = links;
    if (links === 0) this.#toList.push(node);
  }

  /** Version 2 gives groups their files only where the group above says so, which may be later; version 1 always does. */
  #lookForMemory(node: Node): void {
    const hasMemory = this.#isVersion1 || existsSync(toOs(`${node.folder}/${this.#chargeFile}`));
    if (node.hasMemory === hasMemory) return;
    node.hasMemory = hasMemory;
    if (hasMemory) this.#watch.arrived(node);
    else this.#watch.departed(node);
  }

  #remove(node: Node): void {
    this.#removeBelow(node);
    node.isGone = true;
    node.parent?.children.delete(node.name);
    this.#suspects.delete(node);
    this.#nodes--;
    this.#hasFound = true;
    if (node.hasMemory) this.#watch.departed(node);
  }

  #removeBelow(node: Node): void {
    for (const child of [...node.children.values()]) this.#remove(child);
  }
}

function descendantsOf(node: Node): Node[] {
  return [...node.children.values()].flatMap((child) => [child, ...descendantsOf(child)]);
}

function inodeOf(folder: string): { id: bigint; links: number } | undefined {
  try {
    const found = statSync(toOs(folder), { bigint: true, throwIfNoEntry: false });
    return found?.isDirectory() ? { id: found.ino, links: Number(found.nlink) } : undefined;
  } catch {
    // A folder above it may not be looked into.
    return undefined;
  }
}
