import type { Inventory, ProviderTree } from '../../interfaces/index.js';

/** A provider tree of Placement with one node. */
export class OneProvider implements ProviderTree {
  inventory: Readonly<Record<string, Partial<Inventory>>> = {};
  readonly traits = new Set<string>();

  data(): { inventory: Readonly<Record<string, Partial<Inventory>>>; traits: Iterable<string> } {
    return { inventory: this.inventory, traits: this.traits };
  }

  update_inventory(_name: string, inventory: Readonly<Record<string, Inventory>>): void {
    this.inventory = inventory;
  }

  add_traits(_name: string, ...traits: string[]): void {
    for (const trait of traits) this.traits.add(trait);
  }

  remove_traits(_name: string, ...traits: string[]): void {
    for (const trait of traits) this.traits.delete(trait);
  }
}
