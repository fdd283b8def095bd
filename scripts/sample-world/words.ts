// The inventories that every name and value is combined from. No word stands in two lists, so a name tells its kind.

const list = (words: string): readonly string[] => words.trim().split(/\s+/);

export const givenNames = list(`
  Anna Ben Clara David Elena Felix Greta Hassan Ida Jonas Karin Leon Maria Nadia Oscar Paula Rafael Sara Tomas Ursula
  Viktor Wanda Yusuf Zoe Amira Bruno Carmen Dario Emil Fatima Georg Hanna Igor Julia Kofi Lena Marco Nina Omar Petra
  Rosa Simon Tara Ulrich Vera Walter Xenia Yara Adam Bella Chen Diana Erik Flora Gustav Helen Ivan Joana Kamal Lucia`);

export const surnames = list(`
  Abbas Adler Almeida Baker Barros Becker Bianchi Bergman Brandt Castro Chandra Conti Costa Dahl Dubois Duarte Eder
  Egger Farkas Ferreira Fischer Fontaine Gallo Garcia Gruber Haddad Hansen Hoffman Horvat Huber Ibrahim Ito Jansen
  Jensen Kaya Keller Kim Klein Kovac Kumar Lang Larsen Lehmann Lopez Lund Maier Marino Mendes Meyer Moreau Nagy Novak
  Okafor Olsen Ortega Patel Pavlov Pereira Petrov Quist Ramos Reyes Ricci Rossi Russo Santos Sato Schmidt Silva Sousa
  Stein Suzuki Tanaka Torres Ueda Vargas Vogel Wagner Weber Yilmaz`);

export const adjectives = list(`
  Ancient Brave Bright Calm Clear Early Eastern Fair Gentle Grand Great Happy High Humble Kind Little Lucky Merry
  Mighty Modern Noble Northern Open Patient Proud Quiet Royal Simple Southern Steady Swift Western`);

export const trees = list(`
  Acacia Alder Apple Ash Aspen Beech Birch Cedar Cherry Chestnut Cypress Ebony Elder Elm Hawthorn Hazel Juniper Larch
  Laurel Lemon Linden Magnolia Maple Oak Olive Palm Pine Poplar Rowan Spruce Walnut Willow`);

export const birds = list(`
  Albatross Blackbird Buzzard Condor Cormorant Crane Cuckoo Dove Eagle Egret Falcon Finch Flamingo Goose Gull Hawk
  Heron Ibis Kestrel Lark Magpie Nightingale Osprey Owl Pelican Plover Raven Robin Sparrow Starling Stork Swallow`);

export const stones = list(`
  Agate Amber Basalt Beryl Cobalt Copper Coral Crystal Diamond Emerald Flint Garnet Granite Ivory Jade Jasper Marble
  Mercury Nickel Onyx Opal Pearl Quartz Ruby Sapphire Slate Topaz Zircon`);

export const beasts = list(`
  Antelope Badger Bear Beaver Bison Camel Cheetah Deer Elephant Ferret Fox Gazelle Giraffe Hare Hedgehog Jaguar Koala
  Leopard Lion Lynx Marten Moose Otter Panda Panther Rabbit Squirrel Tiger Wolf Zebra`);

export const colours = list(`
  Azure Beige Black Blue Bronze Brown Crimson Cyan Golden Green Grey Indigo Lilac Orange Pink Purple Red Scarlet Silver
  Turquoise Violet White Yellow`);

export const flowers = list(`
  Anemone Aster Begonia Bluebell Clover Crocus Daffodil Dahlia Daisy Fern Geranium Heather Hyacinth Iris Ivy Jasmine
  Lavender Lily Lotus Marigold Mimosa Orchid Peony Poppy Primrose Rose Sunflower Thistle Tulip`);

export const landforms = list(`
  Bay Beach Canyon Cliff Coast Desert Dune Forest Fountain Garden Glacier Harbour Island Lagoon Lake Meadow Moor
  Mountain Ocean Prairie River Summit Tundra Valley Volcano Waterfall`);

export const fishes = list(`
  Anchovy Barracuda Bream Carp Catfish Cod Dolphin Eel Haddock Halibut Herring Mackerel Marlin Minnow Perch Pike Piranha
  Salmon Sardine Shark Sturgeon Trout Tuna Whale`);

export const ways = list(
  'Alley Avenue Boulevard Bridge Court Gate Lane Market Parade Park Road Row Square Street Walk',
);

export const devices = list(`
  camera centrifuge freezer incubator laser microscope monitor oven printer pump robot scanner steriliser ventilator`);

export const remedies = list('balm cream gel lotion oil ointment powder serum spray syrup tincture tonic vaccine wash');

export const trades = list(`
  Bakery Books Brewery Dairy Energy Foods Foundry Glass Laundry Logistics Motors Paper Plastics Supplies Textiles Trading`);

export const activities = list(`
  archery astronomy ballet cooking cycling debating drama fencing juggling knitting photography pottery rowing sailing
  skating swimming`);

export const levels = list(`
  autumn beginner compact double evening express guided holiday intensive junior monthly morning remote senior spring
  summer weekend winter`);

export const topics = list(`
  accounting algebra anatomy biology botany chemistry drawing economics French geography geology grammar history
  Italian Latin logic music painting physics poetry Spanish statistics`);

export const weekdays = list('Monday Tuesday Wednesday Thursday Friday Saturday');
