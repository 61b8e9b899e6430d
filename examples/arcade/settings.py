"""What the game is like.  Others take these names by `from settings import ...` and follow when they change."""

WIDTH, HEIGHT = 480, 320
FPS = 60
PLAYER_SPEED = 3.0
ENEMY_SPEED = 1.5
CHASE = ENEMY_SPEED * 0.6
BACKGROUND = (18, 18, 40)
PLAYER_COLOUR = (250, 220, 90)
ENEMY_COLOUR = (220, 70, 90)
