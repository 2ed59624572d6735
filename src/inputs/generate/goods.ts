/** How goods of a kind are called and what they cost. */
export interface Goods {
  readonly brands: readonly string[];
  readonly nouns: readonly string[];
  readonly details: readonly string[];
  /** Median price in US dollars, and the deviation of its logarithm. */
  readonly median: number;
  readonly sigma: number;
}

function goods(median: number, sigma: number, brands: string, nouns: string, details: string): Goods {
  const words = (text: string): string[] => text.split('|');
  return { median, sigma, brands: words(brands), nouns: words(nouns), details: words(details) };
}

/** Whatever no other kind fits. */
export const OTHER_GOODS = goods(30, 0.9, 'IKEA|Bosch|Philips|Sony|Makita|Samsonite|Shimano|Coleman',
  'Table Lamp|Cordless Drill|Yoga Mat|Camping Tent|Suitcase|Curtains|Radio', 'Set of 4|Large|White|Boxed|Vintage|Spares or Repair|18V');

/** By the name of a category, or of one above it. */
export const KINDS: readonly (readonly [RegExp, Goods])[] = [
  [/^Smartphones$/, goods(260, 0.7, 'Apple iPhone|Samsung Galaxy|Google Pixel|Motorola|OnePlus|Xiaomi|Nokia', '12|13 Pro|14|15|S22|S23 Ultra|8a|Edge 40|3310', '64GB|128GB|256GB|Unlocked|Dual SIM|5G|Black|Blue|with Charger|Cracked Screen')],
  [/^Phone Cases$/, goods(11, 0.5, 'Spigen|OtterBox|Mous|Ringke|Casetify|UAG', 'Clear Case|Leather Wallet Case|Rugged Cover|MagSafe Case|Silicone Case', 'for iPhone 14|for iPhone 15 Pro|for Galaxy S23|Black|Navy|Shockproof')],
  [/^Chargers$/, goods(15, 0.5, 'Anker|Apple|Belkin|Ugreen|Samsung', 'USB-C Charger|Wireless Charger|Power Adapter|Car Charger|Charging Station', '20W|65W|100W|EU Plug|UK Plug|with Cable|3 Ports')],
  [/^Laptops$/, goods(420, 0.7, 'Apple MacBook|Lenovo ThinkPad|Dell XPS|HP EliteBook|Asus ZenBook|Acer Swift', 'Air 13|Pro 14|T480|X1 Carbon|13 9310|840 G5', '8GB RAM|16GB RAM|256GB SSD|512GB SSD|i5|i7|M2|QWERTZ|No Battery')],
  [/^Monitors$/, goods(130, 0.6, 'Dell UltraSharp|LG|Samsung|BenQ|Eizo|AOC', '24" Monitor|27" IPS Monitor|32" Curved Monitor|Ultrawide Monitor', '4K|1440p|144Hz|USB-C|with Stand|HDMI')],
  [/^Keyboards$/, goods(48, 0.7, 'Logitech|Keychron|Cherry|IBM Model M|Corsair|Razer', 'Mechanical Keyboard|Wireless Keyboard|Gaming Keyboard|Compact Keyboard', 'Brown Switches|RGB|ISO DE|US Layout|Bluetooth|Boxed')],
  [/^Cameras$|^Digital Cameras$|^Lenses$|^Tripods$/, goods(210, 0.9, 'Canon|Nikon|Sony|Fujifilm|Leica|Panasonic|Manfrotto|Sigma', 'EOS 80D|D750|Alpha 7 III|X-T3|Lumix GX9|50mm f/1.8 Lens|70-200mm Lens|Carbon Tripod', 'Body Only|Low Shutter Count|with Strap|Boxed|Mint|AF Not Working|+ 2 Batteries')],
  [/^Kitchen$/, goods(45, 0.8, 'Le Creuset|KitchenAid|Tefal|Denby|Bosch|Wedgwood|Kenwood|Villeroy & Boch', 'Cast Iron Casserole|Stand Mixer|Frying Pan|Dinner Plates|Kettle|Food Processor|Teapot', 'Set of 4|24 cm|Volcanic Orange|Stainless Steel|Never Used|Blue|220V')],
  [/^Decor$|^Home & Garden$/, goods(17, 0.8, 'Yankee Candle|Lladró|Portmeirion|Fiskars|Gardena|Royal Doulton|Hand Made', 'Scented Candle|Glass Ornament|Fairy Lights|Gift Bags|Terracotta Pot|Pruning Shears|Porcelain Figurine', 'Large|Job Lot x10|Christmas|White|Vintage|Pair|Boxed')],
  [/^Shoes$/, goods(62, 0.6, 'Nike|Adidas|New Balance|Dr. Martens|Converse|Timberland|Puma', 'Air Max 90|Samba|574 Trainers|1460 Boots|Chuck Taylor|6 Inch Boots|Running Shoes', 'UK 8|EU 42|US 10|Size 7|Black|White|BNIB|Limited Edition')],
  [/^Bags$/, goods(70, 1, 'Coach|Michael Kors|Fjällräven|Louis Vuitton|The North Face|Longchamp|Eastpak', 'Crossbody Bag|Tote|Kånken Backpack|Leather Satchel|Shoulder Bag|Daypack', 'Black|Tan|Authentic|with Dust Bag|20L|Vintage 90s')],
  [/^Jewellery|^Wristwatches$|^Necklaces$/, goods(120, 1.2, 'Seiko|Omega|Casio|Tissot|Pandora|Tiffany & Co.|Swarovski|Longines', 'Automatic Watch|Diver Watch|Chronograph|Pearl Necklace|Gold Chain|Silver Pendant', '18ct|925 Silver|42mm|Sapphire|Box & Papers|Serviced|1960s')],
  [/^Trading Cards$/, goods(14, 1.3, 'Pokémon|Topps|Panini|Magic The Gathering|Yu-Gi-Oh!|Upper Deck', 'Charizard|Rookie Card|Booster Box|Starter Deck|Holo Rare|Autograph Card', 'PSA 9|PSA 10|1st Edition|1999|Near Mint|Sealed|Job Lot x50')],
  [/^Coins & Stamps$/, goods(24, 1.1, 'Royal Mint|US Mint|Penny Black|Deutsche Post|Krugerrand|Queen Victoria', 'Silver Coin|Half Crown|Stamp Album|First Day Cover|Morgan Dollar|Mint Sheet', '1840|1881-S|1935|Uncirculated|Graded|MNH|with Certificate')],
  [/^Vinyl Records$/, goods(19, 0.8, 'The Beatles|Pink Floyd|Miles Davis|David Bowie|Kraftwerk|Taylor Swift', 'Vinyl LP|12" Single|7" Single|Box Set|Picture Disc', '1st Pressing|Gatefold|EX+|VG|180g|Promo|Sealed')],
  [/^Toys & Hobbies$/, goods(38, 0.9, 'LEGO|Playmobil|Hornby|Märklin|Fleischmann|Bachmann', 'Complete Set|Minifigure|Steam Locomotive|Track Pack|Castle|Coach Set', '10179|75192|OO Gauge|HO Scale|DCC Ready|Boxed|No Instructions|Spares')],
  [/^Motors$/, goods(58, 0.9, 'Bosch|Brembo|Hella|Philips|Shoei|Alpinestars|BMW|VW', 'Brake Pads|Brake Discs|LED Headlight|Tail Light|Full Face Helmet|Leather Gloves', 'Front|Rear|Left|Genuine|2012-2018|Size L|Pair|OEM')],
];
